import { expect, it } from 'vitest';
import { conversation, listPage, messageFrame, TALK } from '../test/builders';
import { isNews } from './news';

const list = listPage([conversation({ lastSeq: 3 })]);

it('a message after the last one that is known is news', () => {
  expect(isNews(list, messageFrame(4), 'ann')).toBe(true);
  expect(isNews(undefined, messageFrame(1), 'ann')).toBe(true);
  expect(isNews(list, messageFrame(1, { conversationId: `${TALK}x` }), 'ann')).toBe(true);
});

it('one that is replayed is not, nor is one of my own', () => {
  expect(isNews(list, messageFrame(3), 'ann')).toBe(false);
  expect(isNews(list, messageFrame(4, { senderId: 'ann' }), 'ann')).toBe(false);
});
