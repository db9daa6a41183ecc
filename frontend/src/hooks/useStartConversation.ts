import { useMutation, useQueryClient } from '@tanstack/react-query';
import { chatService } from '../api/chatService';
import { withConversation, type ConversationList } from '../chat/conversations';
import { useStore } from '../store/useStore';
import { CHAT_QUERY_KEYS } from './queryKeys';

/** Starting one that exists opens it: a conversation of two is always the same one. */
export function useStartConversation() {
  const meId = useStore((store) => store.user?.id);
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (peerId: string) => chatService.startConversation(meId ?? '', peerId),
    onSuccess: (conversation) =>
      queryClient.setQueryData<ConversationList>(
        CHAT_QUERY_KEYS.conversations(meId),
        (list) => list && withConversation(list, conversation),
      ),
  });
}
