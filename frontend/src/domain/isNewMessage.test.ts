import { expect, it } from 'vitest';
import { conversation, listPage, messageFrame, CONVERSATION_ID } from '../test/builders';
import { isNewMessage } from './isNewMessage';

const list = listPage([conversation({ lastSeq: 3 })]);

it('a message after the last known one is new', () => {
  expect(isNewMessage(list, messageFrame(4), 'ann')).toBe(true);
  expect(isNewMessage(undefined, messageFrame(1), 'ann')).toBe(true);
  expect(isNewMessage(list, messageFrame(1, { conversationId: `${CONVERSATION_ID}x` }), 'ann')).toBe(true);
});

it('replayed messages and my own are not new', () => {
  expect(isNewMessage(list, messageFrame(3), 'ann')).toBe(false);
  expect(isNewMessage(list, messageFrame(4, { senderId: 'ann' }), 'ann')).toBe(false);
});
