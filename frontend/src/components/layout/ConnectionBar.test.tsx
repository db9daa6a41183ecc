import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen, waitFor } from '@testing-library/react';
import { AxiosError, type AxiosResponse } from 'axios';
import { beforeEach, expect, it, vi } from 'vitest';
import { chatService } from '../../api/chatService';
import { useStore } from '../../store/useStore';
import { ConnectionBar } from './ConnectionBar';

const getConversations = vi.spyOn(chatService, 'getConversations');

beforeEach(() => useStore.setState({ user: { id: 'ann' } }));

function show(isRefused: boolean) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queryClient}>
      <ConnectionBar isConnected={false} isRefused={isRefused} />
    </QueryClientProvider>,
  );
}

const status = () => screen.getByRole('status').textContent;
const answer = (code: number) =>
  new AxiosError('', '', undefined, undefined, { status: code } as AxiosResponse);

it('shows that the page is connecting, also while the list cannot be reached', async () => {
  getConversations.mockRejectedValue(answer(503));
  show(false);
  await waitFor(() => expect(getConversations).toHaveBeenCalled());
  await act(() => Promise.resolve());
  expect(status()).toBe('Connecting…');
});

it('does not claim to be connecting when the list is refused', async () => {
  getConversations.mockRejectedValue(answer(401));
  show(false);
  await waitFor(() => expect(status()).toBe(''));
});

it('offers to switch users when the socket is refused', () => {
  getConversations.mockReturnValue(new Promise(() => {}));
  show(true);
  expect(status()).toBe("You're not signed in.Switch user");
});
