import type { Conversation, ConversationPage, MessagePage } from '../types/chat';
import { apiClient, userParam } from './apiClient';

/** `before`, `after` and `around` are seqs; pass at most one. Without any, the newest page is returned. */
export interface HistoryBounds {
  limit?: number;
  before?: number;
  after?: number;
  around?: number;
}

export async function getConversations(
  meId: string,
  page?: string,
  limit?: number,
): Promise<ConversationPage> {
  const { data } = await apiClient.get<ConversationPage>('/messages/conversations', {
    params: { ...userParam(meId), page, limit },
  });
  return data;
}

export async function getMessageHistory(
  meId: string,
  conversationId: string,
  bounds: HistoryBounds = {},
): Promise<MessagePage> {
  const { data } = await apiClient.get<MessagePage>('/messages/history', {
    params: { ...userParam(meId), conversationId, ...bounds },
  });
  return data;
}

export async function startConversation(meId: string, peerId: string): Promise<Conversation> {
  const { data } = await apiClient.post<Conversation>(
    '/messages/start',
    { peerId },
    { params: userParam(meId) },
  );
  return data;
}

export const chatService = { getConversations, getMessageHistory, startConversation };
