import { renderHook } from '@testing-library/react';
import { expect, it } from 'vitest';
import { conversation, message } from '../test/builders';
import { useUnreadDivider } from './useUnreadDivider';

const unread = conversation({ lastSeq: 3, readSeq: 1 });

it('the divider stays while reading and disappears on a reply', () => {
  const { result, rerender } = renderHook(
    (now: ReturnType<typeof conversation>) => useUnreadDivider(now, 'ann', true),
    { initialProps: unread },
  );
  expect(result.current).toBe(1);
  rerender(conversation({ lastSeq: 3, readSeq: 3 }));
  expect(result.current).toBe(1);
  rerender(conversation({ lastSeq: 4, readSeq: 4, lastMessage: message(4, { senderId: 'ann' }) }));
  expect(result.current).toBeNull();
});
