import { useStore } from '../store/useStore';
import { useConversations } from './useConversations';

/** Total of unread messages, without the conversation being read. */
export function useUnreadCount(): number {
  const readingId = useStore((store) => store.readingId);
  const { data } = useConversations();
  const conversations = data?.items.filter(({ id }) => id !== readingId) ?? [];
  return conversations.reduce((sum, { unreadCount }) => sum + unreadCount, 0);
}
