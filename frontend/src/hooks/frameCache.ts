import type { QueryClient } from '@tanstack/react-query';
import { applyToList, changedConversationId, type ConversationList } from '../domain/conversations';
import { applyToTimeline, type Timeline } from '../domain/timeline';
import type { ServerFrame } from '../types/chat';
import { CHAT_QUERY_KEYS } from './queryKeys';

/** Applies a frame to the cached list and history. Refetches the list if it lacks the conversation. */
export function applyFrameToCache(queryClient: QueryClient, meId: string, frame: ServerFrame): void {
  const id = changedConversationId(frame);
  if (!id) return;
  const listKey = CHAT_QUERY_KEYS.conversations(meId);
  const list = queryClient.getQueryData<ConversationList>(listKey);
  const conversation = list?.items.find((current) => current.id === id);
  const isDirect = conversation?.kind === 'direct';

  queryClient.setQueryData<Timeline>(
    CHAT_QUERY_KEYS.history(meId, id),
    (current) => current && applyToTimeline(current, frame, meId, isDirect),
  );
  if (list && conversation) queryClient.setQueryData(listKey, applyToList(list, frame, meId));
  else void queryClient.invalidateQueries({ queryKey: listKey }, { cancelRefetch: false });
}

/** Drops all cached data after a reset, and refetches what is on screen. */
export async function resetCache(queryClient: QueryClient, meId: string): Promise<void> {
  await Promise.all([
    queryClient.resetQueries({ queryKey: CHAT_QUERY_KEYS.conversations(meId) }),
    queryClient.resetQueries({ queryKey: CHAT_QUERY_KEYS.histories(meId) }),
  ]);
}
