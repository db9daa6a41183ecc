import { notifyManager, useMutation, useQueryClient } from '@tanstack/react-query';
import { isTransient } from '../api/apiClient';
import { chatService } from '../api/chatService';
import { withConversation, type ConversationList } from '../domain/conversations';
import { withFramesDuring } from '../api/frameBus';
import { applyToTimeline, type Timeline } from '../domain/timeline';
import { useStore } from '../store/useStore';
import { CHAT_QUERY_KEYS } from './queryKeys';

const EMPTY_TIMELINE: Timeline = { items: [], hasOlder: false };

/** Starts a direct conversation; idempotent. Retries transient errors without limit. */
export function useStartConversation() {
  const meId = useStore((store) => store.user?.id) ?? '';
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (peerId: string) => withFramesDuring(() => chatService.startConversation(meId, peerId)),
    retry: (_, error) => isTransient(error),
    retryDelay: (failures) => Math.min(1_000 * 2 ** failures, 5_000),
    onSuccess: ([conversation, frames]) =>
      notifyManager.batch(() => {
        const { id, lastSeq } = conversation;
        if (lastSeq === 0) {
          const relevant = frames.filter((frame) => 'conversationId' in frame && frame.conversationId === id);
          // The conversation is empty: its history needs no fetch.
          queryClient.setQueryData<Timeline>(
            CHAT_QUERY_KEYS.history(meId, id),
            (current) =>
              current ??
              relevant.reduce(
                (timeline, frame) => applyToTimeline(timeline, frame, meId, true),
                EMPTY_TIMELINE,
              ),
          );
        }
        queryClient.setQueryData<ConversationList>(
          CHAT_QUERY_KEYS.conversations(meId),
          (list) => list && withConversation(list, conversation),
        );
      }),
  });
}
