/** The user's conversation list, most recently active first: pure reducers and look-ups. */
import type {
  Conversation,
  ConversationFrame,
  ConversationPage,
  MessageFrame,
  ReadFrame,
  ServerFrame,
} from '../types/chat';
import { uuid5 } from '../lib/uuid5';
import type { Outbox } from './outbox';

export type ConversationList = ConversationPage;

function newestFirst(a: Conversation, b: Conversation): number {
  if (a.updatedAt !== b.updatedAt) return a.updatedAt < b.updatedAt ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

function withReadSeq(conversation: Conversation, readSeq: number): Conversation {
  if (readSeq <= conversation.readSeq) return conversation;
  return { ...conversation, readSeq, unreadCount: Math.max(0, conversation.lastSeq - readSeq) };
}

function withPeerRead(conversation: Conversation, upTo: number, meId: string): Conversation {
  const last = conversation.lastMessage;
  const isNowRead = last && conversation.kind === 'direct' && last.senderId === meId && last.seq <= upTo;
  return isNowRead && !last.isRead
    ? { ...conversation, lastMessage: { ...last, isRead: true } }
    : conversation;
}

function withMessage(conversation: Conversation, frame: MessageFrame, meId: string): Conversation {
  if (frame.seq <= conversation.lastSeq) return conversation;
  const { type: _, ...lastMessage } = frame;
  const next = {
    ...conversation,
    lastMessage,
    unreadCount: conversation.unreadCount + frame.seq - conversation.lastSeq,
    lastSeq: frame.seq,
    updatedAt: frame.createdAt,
    version: Math.max(conversation.version, frame.version),
  };
  return frame.senderId === meId ? withReadSeq(next, frame.seq) : next;
}

function withRead(conversation: Conversation, frame: ReadFrame, meId: string): Conversation {
  if (frame.userId === meId) return withReadSeq(conversation, frame.upTo);
  return withPeerRead(conversation, frame.upTo, meId);
}

function withDetails(conversation: Conversation, frame: ConversationFrame): Conversation {
  if (frame.version <= conversation.version) return conversation;
  const { kind, title, members, memberCount, version } = frame;
  return { ...conversation, kind, title, members, memberCount, version };
}

function reduceConversation(conversation: Conversation, frame: ServerFrame, meId: string): Conversation {
  if (frame.type === 'message') return withMessage(conversation, frame, meId);
  if (frame.type === 'read') return withRead(conversation, frame, meId);
  return frame.type === 'conversation' ? withDetails(conversation, frame) : conversation;
}

/** Id of the conversation that a frame changes, if any. */
export function changedConversationId(frame: ServerFrame): string | undefined {
  const isState = frame.type === 'message' || frame.type === 'read' || frame.type === 'conversation';
  return isState ? frame.conversationId : undefined;
}

/**
 * Applies a frame to the list. Returns the same list if nothing changes or the conversation is not loaded.
 */
export function applyToList(list: ConversationList, frame: ServerFrame, meId: string): ConversationList {
  const index = list.items.findIndex((conversation) => conversation.id === changedConversationId(frame));
  const current = list.items[index];
  if (!current) return list;
  const next = reduceConversation(current, frame, meId);
  return next === current ? list : { ...list, items: list.items.with(index, next).toSorted(newestFirst) };
}

/** Adds or replaces a conversation fetched from the server, unless the list has a newer version. */
export function withConversation(list: ConversationList, conversation: Conversation): ConversationList {
  const current = list.items.find((other) => other.id === conversation.id);
  if (current && current.version >= conversation.version) return list;
  const others = list.items.filter((other) => other.id !== conversation.id);
  return { ...list, items: [conversation, ...others].toSorted(newestFirst) };
}

/** Appends the next page, without conversations that are loaded already. */
export function withPage(list: ConversationList, page: ConversationPage): ConversationList {
  const knownIds = new Set(list.items.map((conversation) => conversation.id));
  const items = [...list.items, ...page.items.filter((conversation) => !knownIds.has(conversation.id))];
  return { ...list, items, nextPage: page.nextPage };
}

/** Display name: the title, the peer, or the members. */
export function conversationName(conversation: Conversation): string {
  return conversation.title ?? conversation.peerId ?? conversation.members.join(', ');
}

const NAMESPACE = '6f0d7a52-5c1e-5d0a-9b7e-0a4c51e7a9d3';

/** Derives the id of the direct conversation of two users, whether it exists or not (docs/contract, Ids). */
export function directConversationId(a: string, b: string): string {
  const [low, high] = byCodePoint(a, b) < 0 ? [a, b] : [b, a];
  return uuid5(NAMESPACE, JSON.stringify(['direct', low, high]));
}

/** Compares by code point; JavaScript compares UTF-16 units, which sorts U+FFFD after emoji. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  const index = left.findIndex((letter, position) => letter !== right[position]);
  if (index === -1) return left.length - right.length;
  return index < right.length ? left[index]!.codePointAt(0)! - right[index]!.codePointAt(0)! : 1;
}

/** A direct conversation not on the server yet, with its future id. Its first message starts it. */
export function unstartedConversation(meId: string, peerId: string, createdAt: string): Conversation {
  return {
    id: directConversationId(meId, peerId),
    kind: 'direct',
    title: null,
    peerId,
    members: [meId, peerId],
    memberCount: 2,
    lastMessage: null,
    lastSeq: 0,
    readSeq: 0,
    unreadCount: 0,
    createdAt,
    updatedAt: createdAt,
    version: 0,
  };
}

/** Whether the conversation exists on the server. */
export function isStarted(conversation: Conversation): boolean {
  return conversation.version > 0;
}

/** Prepends conversations whose first message is still in the outbox. */
export function withUnstarted(items: readonly Conversation[], outbox: Outbox, meId: string): Conversation[] {
  const known = new Set(items.map(({ id }) => id));
  const added: Conversation[] = [];
  for (const { conversationId, peerId, createdAt } of outbox) {
    if (peerId === undefined || known.has(conversationId)) continue;
    known.add(conversationId);
    added.push(unstartedConversation(meId, peerId, createdAt));
  }
  return [...added.toReversed(), ...items];
}
