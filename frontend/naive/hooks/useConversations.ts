import { useQuery } from '@tanstack/react-query';
import { chatService } from '../chatService';
import { useStore } from '../useStore';
import { CHAT_QUERY_KEYS } from './queryKeys';

export function useConversations() {
  const user = useStore((state) => state.user);
  return useQuery({
    queryKey: CHAT_QUERY_KEYS.conversations(user?.id),
    queryFn: () => chatService.getConversations(user!.id),
    enabled: !!user,
    staleTime: 30_000,
  });
}
