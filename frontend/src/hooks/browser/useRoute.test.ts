import { act, renderHook, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { hrefOf, closeConversation, openConversation, parseRoute, useRoute } from './useRoute';

const LIST = `${window.location.pathname}?user=ann`;

beforeEach(() => window.history.replaceState(null, '', LIST));

const address = () => window.location.pathname + window.location.search + window.location.hash;

/** jsdom navigates in a separate task. */
async function arrivedAt(expected: string) {
  await waitFor(() => expect(address()).toBe(expected));
}

describe('the address', () => {
  it.each(['bob', '50% off', 'a/b#c?d', '李雷', '%41', 'to/bob'])('holds the user id %s', (to) => {
    expect(parseRoute(hrefOf({ to }).slice(1))).toEqual({ to });
  });

  it('is read as it is when it is not encoded', () => {
    expect(parseRoute('to/50%')).toEqual({ to: '50%' });
    expect(parseRoute('')).toBeUndefined();
    expect(parseRoute('some-id')).toEqual({ id: 'some-id' });
  });
});

it('closing goes back in the history to the list, over all conversations since', async () => {
  const { result } = renderHook(useRoute);
  const length = window.history.length;
  act(() => openConversation({ id: 'one' }));
  act(() => openConversation({ id: 'two' }));
  expect(result.current).toEqual({ id: 'two' });
  await act(async () => {
    closeConversation();
    await arrivedAt(LIST);
  });
  expect(result.current).toBeUndefined();
  act(() => openConversation({ id: 'three' }));
  expect(window.history.length).toBe(length + 1);
});

it('closing a conversation opened by a link adds no history entry', () => {
  window.history.replaceState(null, '', `${LIST}#linked`);
  const { result } = renderHook(useRoute);
  const length = window.history.length;
  act(() => closeConversation());
  expect([address(), window.history.length, result.current]).toEqual([LIST, length, undefined]);
});

it('opening the open conversation adds no history entry', () => {
  openConversation({ id: 'one' });
  const length = window.history.length;
  openConversation({ id: 'one' });
  expect(window.history.length).toBe(length);
});
