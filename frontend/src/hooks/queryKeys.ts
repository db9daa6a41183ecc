export const CHAT_QUERY_KEYS = {
  conversations: (userId: string | undefined) => ['conversations', userId] as const,
  history: (userId: string | undefined, conversationId: string | undefined) =>
    ['history', userId, conversationId] as const,
  histories: (userId: string | undefined) => ['history', userId] as const,
};
