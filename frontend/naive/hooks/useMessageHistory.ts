import { useQuery } from '@tanstack/react-query';
import { chatService } from '../chatService';
import { useStore } from '../useStore';
import { CHAT_QUERY_KEYS } from './queryKeys';

export function useMessageHistory(conversationId: string | null) {
  const user = useStore((state) => state.user);
  return useQuery({
    queryKey: CHAT_QUERY_KEYS.history(user?.id, conversationId),
    queryFn: () => chatService.getMessageHistory(user!.id, conversationId!),
    enabled: !!user && !!conversationId,
  });
}
