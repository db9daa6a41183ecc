import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';
import { chatService } from '../../api/chatService';
import { CHAT_QUERY_KEYS } from '../../hooks/queryKeys';
import { useStore } from '../../store/useStore';
import { conversation, listPage } from '../../test/builders';
import type { ConversationPage } from '../../types/chat';
import ConversationSwitcher from './ConversationSwitcher';

const named = (...peers: string[]) =>
  listPage(peers.map((peerId) => conversation({ id: `with-${peerId}`, peerId, members: ['ann', peerId] })));

beforeEach(() => {
  window.history.replaceState(null, '', '/');
  useStore.setState({ user: { id: 'ann' } });
  // Not implemented by jsdom.
  Object.assign(HTMLDialogElement.prototype, { showModal, close });
  Element.prototype.scrollIntoView = vi.fn();
});

function showModal(this: HTMLDialogElement) {
  this.open = true;
}

function close(this: HTMLDialogElement) {
  this.open = false;
}

/** Renders the switcher over `list`. Returns a function that loads another list. */
function shown(list: ConversationPage) {
  const queryClient = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  const key = CHAT_QUERY_KEYS.conversations('ann');
  queryClient.setQueryData(key, list);
  render(
    <QueryClientProvider client={queryClient}>
      <ConversationSwitcher meId="ann" onClose={() => {}} />
    </QueryClientProvider>,
  );
  return (later: ConversationPage) => act(() => void queryClient.setQueryData(key, later));
}

const selected = () => screen.getByRole('option', { selected: true }).textContent;

it('keeps the option selected by arrow keys when better matches load', async () => {
  const load = shown(named('frank', 'frances'));
  await userEvent.keyboard('fra{ArrowDown}');
  expect(selected()).toContain('frances');
  load(named('frank', 'fran', 'frances'));
  await vi.waitFor(() => expect(screen.getAllByRole('option')).toHaveLength(4));
  expect(selected()).toContain('frances');
  await userEvent.keyboard('{Enter}');
  expect(window.location.hash).toBe('#with-frances');
});

it('selects the first match until another is selected', async () => {
  const load = shown(named('alfred'));
  await userEvent.keyboard('fr');
  expect(selected()).toContain('alfred');
  load(named('alfred', 'frank'));
  await vi.waitFor(() => expect(screen.getAllByRole('option')).toHaveLength(3));
  expect(selected()).toContain('frank');
});

it('announces the status and the result count as separate words', async () => {
  vi.spyOn(chatService, 'getConversations').mockReturnValue(new Promise(() => {}));
  shown({ ...named('frank'), nextPage: 'next' });
  await userEvent.keyboard('fra');
  expect(screen.getByRole('status').textContent).toBe('Searching… 2 results');
});
