import { describe, expect, it } from 'vitest';
import { conversation, listPage, message, messageFrame, readFrame, CONVERSATION_ID } from '../test/builders';
import { applyToList, conversationName, withConversation, withPage } from './conversations';

const ME = 'ann';
const other = conversation({ id: 'other', peerId: 'cleo', updatedAt: '2026-01-15T08:30:00.000Z' });
const list = listPage([other, conversation()]);
const apply = (held: typeof list, ...frames: Parameters<typeof applyToList>[1][]) =>
  frames.reduce((next, frame) => applyToList(next, frame, ME), held);
const talk = (held: typeof list) => held.items.find(({ id }) => id === CONVERSATION_ID)!;

describe('a message', () => {
  it('moves its conversation to the top and counts as unread', () => {
    const next = apply(list, messageFrame(1));
    expect(next.items[0]).toMatchObject({ id: CONVERSATION_ID, lastSeq: 1, unreadCount: 1, readSeq: 0 });
    expect(next.items[0]?.lastMessage?.text).toBe('text 1');
  });

  it('of my own leaves nothing unread', () => {
    expect(talk(apply(list, messageFrame(1), messageFrame(2, { senderId: ME })))).toMatchObject({
      lastSeq: 2,
      readSeq: 2,
      unreadCount: 0,
    });
  });

  it('is counted once', () => {
    const once = apply(list, messageFrame(1), messageFrame(2));
    expect(apply(once, messageFrame(1), messageFrame(2))).toBe(once);
  });

  it('of a conversation that is not loaded changes nothing', () => {
    expect(apply(list, messageFrame(1, { conversationId: 'unknown' }))).toBe(list);
  });
});

describe('a read frame', () => {
  const unread = apply(list, messageFrame(1), messageFrame(2), messageFrame(3));

  it('of my own lowers the unread count', () => {
    expect(talk(apply(unread, readFrame(ME, 2)))).toMatchObject({ readSeq: 2, unreadCount: 1 });
  });

  it('never lowers readSeq', () => {
    const once = apply(unread, readFrame(ME, 3));
    expect(apply(once, readFrame(ME, 1))).toBe(once);
  });

  it('of the peer marks my last message as read', () => {
    const mine = apply(list, messageFrame(1, { senderId: ME }));
    expect(talk(apply(mine, readFrame('bob', 1))).lastMessage?.isRead).toBe(true);
    expect(talk(apply(mine, readFrame('bob', 0))).lastMessage?.isRead).toBe(false);
  });
});

describe('a conversation frame', () => {
  const renamed = {
    type: 'conversation' as const,
    conversationId: CONVERSATION_ID,
    kind: 'group' as const,
    title: 'Lunch',
    members: ['ann', 'bob', 'cleo'],
    memberCount: 3,
    createdAt: '2026-01-15T08:00:00.000Z',
    updatedAt: '2026-01-15T08:00:00.000Z',
  };

  it('changes title and members', () => {
    expect(talk(apply(list, { ...renamed, version: 2 }))).toMatchObject({ title: 'Lunch', memberCount: 3 });
  });

  it('that is not newer changes nothing', () => {
    expect(apply(list, { ...renamed, version: 1 })).toBe(list);
  });
});

it('a started conversation is listed once', () => {
  const started = conversation({ updatedAt: '2026-01-15T10:00:00.000Z', version: 2 });
  expect(withConversation(list, started).items.map(({ id }) => id)).toEqual([CONVERSATION_ID, 'other']);
});

it('a fetched conversation does not replace a newer version', () => {
  const further = listPage([conversation({ version: 5, lastSeq: 3 })]);
  expect(withConversation(further, conversation({ version: 1 }))).toBe(further);
});

it('a further page adds conversations that are not loaded yet', () => {
  const page = { ...listPage([conversation(), conversation({ id: 'third' })]), nextPage: 'more' };
  const next = withPage(list, page);
  expect(next.items.map(({ id }) => id)).toEqual(['other', CONVERSATION_ID, 'third']);
  expect(next.nextPage).toBe('more');
});

it('a conversation is named by its title, its peer or its members', () => {
  expect(conversationName(conversation({ title: 'Lunch' }))).toBe('Lunch');
  expect(conversationName(conversation())).toBe('bob');
  const { peerId: _, ...group } = conversation({ members: ['ann', 'cleo'] });
  expect(conversationName(group)).toBe('ann, cleo');
});

it('a list with frames applied equals a fresh list from the server', () => {
  const next = apply(list, messageFrame(1), messageFrame(2, { senderId: ME }), readFrame('bob', 2));
  const { lastMessage, unreadCount, updatedAt } = talk(next);
  expect(lastMessage).toEqual(message(2, { senderId: ME, isRead: true }));
  expect([unreadCount, updatedAt]).toEqual([0, message(2).createdAt]);
});
