/** Builders of messages, conversations and frames with defaults for all fields. */
import type {
  Conversation,
  ConversationPage,
  Message,
  MessageFrame,
  MessagePage,
  ReadFrame,
} from '../types/chat';

export const CONVERSATION_ID = 'e5e6a4b9-ce3a-5bb6-9a2c-387f855095f8';

export function message(seq: number, over: Partial<Message> = {}): Message {
  return {
    id: `message-${seq}`,
    conversationId: CONVERSATION_ID,
    seq,
    senderId: 'bob',
    text: `text ${seq}`,
    createdAt: new Date(Date.UTC(2026, 0, 15, 9, 0, seq)).toISOString(),
    version: 10 * seq,
    isRead: false,
    ...over,
  };
}

export function messageFrame(seq: number, over: Partial<Message> = {}): MessageFrame {
  return { type: 'message', ...message(seq, over) };
}

export function readFrame(userId: string, upTo: number, version = 1000): ReadFrame {
  return { type: 'read', conversationId: CONVERSATION_ID, userId, upTo, version };
}

export function conversation(over: Partial<Conversation> = {}): Conversation {
  return {
    id: CONVERSATION_ID,
    kind: 'direct',
    title: null,
    peerId: 'bob',
    members: ['ann', 'bob'],
    memberCount: 2,
    lastMessage: null,
    lastSeq: 0,
    readSeq: 0,
    unreadCount: 0,
    createdAt: '2026-01-15T08:00:00.000Z',
    updatedAt: '2026-01-15T08:00:00.000Z',
    version: 1,
    ...over,
  };
}

export function listPage(items: Conversation[], cursor = 'list-cursor'): ConversationPage {
  return { items, nextPage: null, cursor };
}

export function historyPage(items: Message[], hasOlder = false): MessagePage {
  return { items, hasOlder, hasMore: hasOlder, hasNewer: false, cursor: 'history-cursor' };
}

/** An access token with these claims; its signature is not valid. */
export function accessToken(claims: Record<string, unknown>): string {
  const bytes = new TextEncoder().encode(JSON.stringify(claims));
  const payload = btoa(String.fromCharCode(...bytes));
  return `header.${payload.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}.signature`;
}
