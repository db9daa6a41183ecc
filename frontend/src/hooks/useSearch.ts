import { useEffect } from 'react';
import { search } from '../domain/search';
import type { Conversation } from '../types/chat';
import { useListed } from './useConversation';
import { useConversations, useMoreConversations } from './useConversations';

interface Search {
  found: Conversation[];
  isSearching: boolean;
  /** The search goes on, but the server did not answer. */
  isDelayed: boolean;
}

/** The best `enough` of all one's conversations: while fewer are found, the list is loaded on. */
export function useSearch(meId: string, text: string, enough: number): Search {
  const { data: list } = useConversations();
  const { mutate, isPending, isError, failureCount } = useMoreConversations();
  const found = search(useListed(meId), text);
  const next = text !== '' && found.length < enough ? list?.nextPage : null;
  useEffect(() => {
    if (next && !isPending && !isError) mutate(next);
  }, [next, isPending, isError, mutate]);
  const isSearching = isPending && !isError;
  return { found: found.slice(0, enough), isSearching, isDelayed: isSearching && failureCount > 0 };
}
