import { useMutation, useQueryClient } from '@tanstack/react-query';
import { chatService } from '../chatService';
import { useStore } from '../useStore';
import { CHAT_QUERY_KEYS } from './queryKeys';

export function useStartConversation() {
  const user = useStore((state) => state.user);
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (peerId: string) => chatService.startConversation(user!.id, peerId),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: CHAT_QUERY_KEYS.conversations(user?.id) }),
  });
}
