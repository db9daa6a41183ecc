import { expect, it } from 'vitest';
import { messageFrame, readFrame, CONVERSATION_ID } from '../test/builders';
import { createNewMessageFilter } from './newMessages';

it('the first message frame of a conversation is new', () => {
  const isNew = createNewMessageFilter('ann');
  expect(isNew(messageFrame(4))).toBe(true);
  expect(isNew(messageFrame(1, { conversationId: `${CONVERSATION_ID}x` }))).toBe(true);
});

it('repeated messages are not new, but later ones are', () => {
  const isNew = createNewMessageFilter('ann');
  const seqs = [3, 4, 3, 4, 5].map((seq) => isNew(messageFrame(seq)));
  expect(seqs).toEqual([true, true, false, false, true]);
});

it('my own messages and other frames are not new', () => {
  const isNew = createNewMessageFilter('ann');
  expect(isNew(messageFrame(4, { senderId: 'ann' }))).toBe(false);
  expect(isNew(messageFrame(3))).toBe(false);
  expect(isNew(readFrame('bob', 9))).toBe(false);
  expect(isNew(messageFrame(5))).toBe(true);
});
