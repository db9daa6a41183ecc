import { act, renderHook } from '@testing-library/react';
import { beforeEach, expect, it, vi } from 'vitest';
import { conversation, message } from '../test/builders';
import type { Chat } from './useChat';
import { useNewSince, useReading } from './useReading';

const markRead = vi.fn();
const chat = { isConnected: true, markRead } as unknown as Chat;
let hasFocus = true;

beforeEach(() => {
  markRead.mockReset();
  hasFocus = true;
  vi.spyOn(document, 'hasFocus').mockImplementation(() => hasFocus);
});

const unread = conversation({ lastSeq: 3, readSeq: 1 });

it('what is in view is read, once', () => {
  const { rerender } = renderHook(() => useReading(unread, 3, chat));
  rerender();
  expect(markRead.mock.calls).toEqual([[unread.id, 3]]);
});

it('what has arrived but is not in view yet is not', () => {
  const { rerender } = renderHook(({ lastSeq, seen }) => useReading({ ...unread, lastSeq }, seen, chat), {
    initialProps: { lastSeq: 3, seen: 3 },
  });
  rerender({ lastSeq: 4, seen: 3 });
  expect(markRead.mock.calls).toEqual([[unread.id, 3]]);
  rerender({ lastSeq: 4, seen: 4 });
  expect(markRead.mock.calls.at(-1)).toEqual([unread.id, 4]);
});

it('what is not in view is not', () => {
  renderHook(() => useReading(unread, null, chat));
  expect(markRead).not.toHaveBeenCalled();
});

it('nor what nobody looks at, until they do', () => {
  hasFocus = false;
  renderHook(() => useReading(unread, 3, chat));
  expect(markRead).not.toHaveBeenCalled();
  hasFocus = true;
  act(() => void window.dispatchEvent(new Event('focus')));
  expect(markRead).toHaveBeenCalledOnce();
});

it('it is said again when the connection is back', () => {
  const { rerender } = renderHook(
    (connected: boolean) => useReading(unread, 3, { ...chat, isConnected: connected }),
    {
      initialProps: false,
    },
  );
  expect(markRead).not.toHaveBeenCalled();
  rerender(true);
  expect(markRead).toHaveBeenCalledOnce();
});

it('what was new stays marked while one reads, and no longer when one answers', () => {
  const { result, rerender } = renderHook(
    (now: ReturnType<typeof conversation>) => useNewSince(now, 'ann', true),
    { initialProps: unread },
  );
  expect(result.current).toBe(1);
  rerender(conversation({ lastSeq: 3, readSeq: 3 }));
  expect(result.current).toBe(1);
  rerender(conversation({ lastSeq: 4, readSeq: 4, lastMessage: message(4, { senderId: 'ann' }) }));
  expect(result.current).toBeNull();
});
