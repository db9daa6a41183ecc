import { queryOptions, useMutation, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { isTransient } from '../api/apiClient';
import { chatService } from '../api/chatService';
import { applyToList, changedConversationId, withPage, type ConversationList } from '../domain/conversations';
import { withFramesDuring } from '../api/frameBus';
import { useStore } from '../store/useStore';
import { CHAT_QUERY_KEYS } from './queryKeys';

const PAGE_SIZE = 100;

/** Fetches pages until the list has `atLeast` items, so that a refetch does not shorten it. */
async function fetchPages(meId: string, atLeast: number): Promise<ConversationList> {
  let list = await chatService.getConversations(meId, undefined, PAGE_SIZE);
  while (list.nextPage && list.items.length < atLeast) {
    list = withPage(list, await chatService.getConversations(meId, list.nextPage, PAGE_SIZE));
  }
  return list;
}

async function fetchList(meId: string, atLeast: number): Promise<ConversationList> {
  const [list, frames] = await withFramesDuring(() => fetchPages(meId, atLeast));
  const known = new Set(list.items.map((conversation) => conversation.id));
  const isComplete = frames.every(
    (frame) => known.has(changedConversationId(frame) ?? '') || !changedConversationId(frame),
  );
  if (!isComplete && !list.nextPage) return fetchList(meId, atLeast);
  return frames.reduce((current, frame) => applyToList(current, frame, meId), list);
}

export function conversationsQuery(queryClient: QueryClient, meId: string) {
  const queryKey = CHAT_QUERY_KEYS.conversations(meId);
  return queryOptions({
    queryKey,
    queryFn: () => fetchList(meId, queryClient.getQueryData<ConversationList>(queryKey)?.items.length ?? 0),
    staleTime: 30_000,
  });
}

export function useConversations() {
  const user = useStore((store) => store.user);
  const queryClient = useQueryClient();
  return useQuery({ ...conversationsQuery(queryClient, user?.id ?? ''), enabled: user !== null });
}

/**
 * Loads the next page of the list and applies the frames received meanwhile. Retries transient errors without
 * limit.
 */
export function useMoreConversations() {
  const meId = useStore((store) => store.user?.id);
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (page: string) =>
      withFramesDuring(() => chatService.getConversations(meId ?? '', page, PAGE_SIZE)),
    retry: (_, error) => isTransient(error),
    onSuccess: ([page, frames]) =>
      queryClient.setQueryData<ConversationList>(
        CHAT_QUERY_KEYS.conversations(meId),
        (list) =>
          list &&
          frames.reduce((current, frame) => applyToList(current, frame, meId ?? ''), withPage(list, page)),
      ),
  });
}
