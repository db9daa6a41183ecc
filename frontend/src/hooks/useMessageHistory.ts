import { useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { chatService } from '../api/chatService';
import { withFramesDuring } from '../api/frameBus';
import { applyToTimeline, withMessage, withOlder, type Timeline } from '../domain/timeline';
import type { MessagePage, ServerFrame } from '../types/chat';
import { useStore } from '../store/useStore';
import { conversationsQuery } from './useConversations';
import { CHAT_QUERY_KEYS } from './queryKeys';

const PAGE_SIZE = 100;
const MAX_UNREAD_PAGES = 10;
const EMPTY_TIMELINE: Timeline = { items: [], hasOlder: true };

/** Merges the newest page into the cached timeline, or replaces it if there is a gap between them. */
function mergeNewestPage(cached: Timeline | undefined, page: MessagePage): Timeline {
  const isContiguous = cached && (page.items[0]?.seq ?? Infinity) <= (cached.items.at(-1)?.seq ?? 0) + 1;
  return isContiguous
    ? page.items.reduce(withMessage, cached)
    : { items: page.items, hasOlder: page.hasOlder };
}

function history(queryClient: QueryClient, meId: string, conversationId: string) {
  const key = CHAT_QUERY_KEYS.history(meId, conversationId);
  const findConversation = async () => {
    const list = await queryClient.ensureQueryData(conversationsQuery(queryClient, meId));
    return list.items.find((conversation) => conversation.id === conversationId);
  };
  const fetchPage = async (
    merge: (cached: Timeline | undefined, page: MessagePage) => Timeline,
    before?: number,
  ) => {
    // Wait for the list: the socket starts from its cursor, so history must not be older than the list.
    const isDirect = (await findConversation())?.kind === 'direct';
    const bounds = before === undefined ? { limit: PAGE_SIZE } : { limit: PAGE_SIZE, before };
    const [page, frames] = await withFramesDuring(() =>
      chatService.getMessageHistory(meId, conversationId, bounds),
    );
    const relevant = frames.filter((frame) => isAbout(frame, conversationId));
    const merged = merge(queryClient.getQueryData<Timeline>(key), page);
    return relevant.reduce((timeline, frame) => applyToTimeline(timeline, frame, meId, isDirect), merged);
  };
  /** Fetches the newest page, and older ones back to the first unread message (up to MAX_UNREAD_PAGES). */
  const fetchUnread = async () => {
    let timeline = await fetchPage(mergeNewestPage);
    const { readSeq = 0, unreadCount = 0 } = (await findConversation()) ?? {};
    for (let pages = 1; pages < MAX_UNREAD_PAGES && timeline.hasOlder; pages++) {
      const before = timeline.items[0]?.seq ?? 0;
      if (unreadCount === 0 || before <= readSeq + 1) break;
      const newer = timeline;
      timeline = await fetchPage((_, page) => withOlder(newer, page), before);
    }
    return timeline;
  };
  return { key, fetchPage, fetchUnread };
}

function isAbout(frame: ServerFrame, conversationId: string): boolean {
  return 'conversationId' in frame && frame.conversationId === conversationId;
}

/** A conversation's messages. Fetched once and kept fresh by frames, hence never stale. */
export function useMessageHistory(conversationId: string | undefined) {
  const meId = useStore((store) => store.user?.id);
  const queryClient = useQueryClient();
  const { key, fetchUnread } = history(queryClient, meId ?? '', conversationId ?? '');
  return useQuery({
    queryKey: key,
    queryFn: fetchUnread,
    enabled: meId !== undefined && conversationId !== undefined,
    staleTime: Infinity,
    gcTime: 30 * 60_000,
    structuralSharing: false,
  });
}

/** Loads the page before the oldest message. The page is dropped if the oldest message changed meanwhile. */
export function useFetchOlderMessages(conversationId: string) {
  const meId = useStore((store) => store.user?.id);
  const queryClient = useQueryClient();
  const { key, fetchPage } = history(queryClient, meId ?? '', conversationId);
  return useMutation({
    mutationFn: (before: number) =>
      fetchPage(
        (cached = EMPTY_TIMELINE, page) =>
          cached.items[0]?.seq === before ? withOlder(cached, page) : cached,
        before,
      ),
    onSuccess: (timeline) => queryClient.setQueryData<Timeline>(key, (cached) => cached && timeline),
  });
}
