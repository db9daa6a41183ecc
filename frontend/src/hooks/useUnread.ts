import { useStore } from '../store/useStore';
import { useConversations } from './useConversations';

/** Unread messages of all conversations but the one that is being read. */
export function useUnread(): number {
  const readingId = useStore((store) => store.readingId);
  const { data } = useConversations();
  const unread = data?.items.filter(({ id }) => id !== readingId) ?? [];
  return unread.reduce((sum, { unreadCount }) => sum + unreadCount, 0);
}
