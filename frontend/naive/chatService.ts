import { apiClient } from './apiClient';
import type { Conversation, ConversationPage, MessagePage } from './chat';

export const chatService = {
  async getConversations(meId: string): Promise<ConversationPage> {
    const { data } = await apiClient.get<ConversationPage>('/messages/conversations', { params: { meId } });
    return data;
  },

  async getMessageHistory(meId: string, conversationId: string): Promise<MessagePage> {
    const params = { meId, conversationId };
    const { data } = await apiClient.get<MessagePage>('/messages/history', { params });
    return data;
  },

  async startConversation(meId: string, peerId: string): Promise<Conversation> {
    const { data } = await apiClient.post<Conversation>('/messages/start', { peerId }, { params: { meId } });
    return data;
  },
};
