import { useEffect } from 'react';
import type { Conversation } from '../types/chat';
import { useConversations, useMoreConversations } from './useConversations';

/** The one with this id. The list is loaded on until it is found, or ends. */
export function useConversation(id: string | undefined): {
  conversation: Conversation | undefined;
  isSearched: boolean;
} {
  const { data: list } = useConversations();
  const { mutate, isPending, isError } = useMoreConversations();
  const conversation = list?.items.find((candidate) => candidate.id === id);
  const next = id && list && !conversation ? list.nextPage : null;
  useEffect(() => {
    if (next && !isPending && !isError) mutate(next);
  }, [next, isPending, isError, mutate]);
  return { conversation, isSearched: Boolean(next) && !isError };
}
