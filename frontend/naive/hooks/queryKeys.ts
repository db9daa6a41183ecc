export const CHAT_QUERY_KEYS = {
  conversations: (userId: string | undefined) => ['conversations', userId] as const,
  history: (userId: string | undefined, conversationId: string | null) =>
    ['messages', userId, conversationId] as const,
};
