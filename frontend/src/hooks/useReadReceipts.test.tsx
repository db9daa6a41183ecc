import { act, renderHook } from '@testing-library/react';
import { beforeEach, expect, it, vi } from 'vitest';
import { conversation } from '../test/builders';
import type { Chat } from './useChat';
import { useReadReceipts } from './useReadReceipts';

const markRead = vi.fn();
const chat = { isConnected: true, markRead } as unknown as Chat;
let hasFocus = true;

beforeEach(() => {
  markRead.mockReset();
  hasFocus = true;
  vi.spyOn(document, 'hasFocus').mockImplementation(() => hasFocus);
});

const unread = conversation({ lastSeq: 3, readSeq: 1 });

const useRead = (seen: number | undefined, over: Partial<Chat> = {}) =>
  useReadReceipts(unread, seen, true, { ...chat, ...over });

it('marks visible messages as read once', () => {
  const { rerender } = renderHook(() => useRead(3));
  rerender();
  expect(markRead.mock.calls).toEqual([[unread.id, 3]]);
});

it('throttles receipts while scrolling and ends at the last position', () => {
  vi.useFakeTimers();
  const { rerender } = renderHook((seen: number) => useRead(seen), { initialProps: 2 });
  for (let seen = 3; seen <= 40; seen++) {
    rerender(seen);
    vi.advanceTimersByTime(16);
  }
  vi.advanceTimersByTime(1_000);
  expect(markRead.mock.calls.length).toBeLessThanOrEqual(4);
  expect(markRead.mock.calls.at(-1)).toEqual([unread.id, 40]);
  vi.useRealTimers();
});

it('marks the last visible message on unmount', () => {
  const { rerender, unmount } = renderHook((seen: number) => useRead(seen), { initialProps: 2 });
  rerender(5);
  unmount();
  expect(markRead.mock.calls).toEqual([
    [unread.id, 2],
    [unread.id, 5],
  ]);
});

it('marks nothing while no message is visible', () => {
  renderHook(() => useRead(undefined));
  expect(markRead).not.toHaveBeenCalled();
});

it('marks nothing until the page is active', () => {
  hasFocus = false;
  renderHook(() => useRead(3));
  expect(markRead).not.toHaveBeenCalled();
  hasFocus = true;
  act(() => void window.dispatchEvent(new Event('focus')));
  expect(markRead).toHaveBeenCalledOnce();
});

it('marks again when the connection is back', () => {
  const { rerender } = renderHook((isConnected: boolean) => useRead(3, { isConnected }), {
    initialProps: false,
  });
  expect(markRead).not.toHaveBeenCalled();
  rerender(true);
  expect(markRead).toHaveBeenCalledOnce();
});
