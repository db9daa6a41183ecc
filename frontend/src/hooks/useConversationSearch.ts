import { useEffect } from 'react';
import { searchConversations } from '../domain/searchConversations';
import type { Conversation } from '../types/chat';
import { useListedConversations } from './useOpenConversation';
import { useConversations, useMoreConversations } from './useConversations';

interface ConversationSearch {
  matches: Conversation[];
  isSearching: boolean;
  /** The last request failed and is being retried. */
  isRetrying: boolean;
}

/** Returns the best `limit` matches. Loads further pages of the list while there are fewer. */
export function useConversationSearch(meId: string, text: string, limit: number): ConversationSearch {
  const { data: list } = useConversations();
  const { mutate, isPending, isError, failureCount } = useMoreConversations();
  const matches = searchConversations(useListedConversations(meId), text);
  const nextPage = text !== '' && matches.length < limit ? list?.nextPage : null;
  useEffect(() => {
    if (nextPage && !isPending && !isError) mutate(nextPage);
  }, [nextPage, isPending, isError, mutate]);
  const isSearching = isPending && !isError;
  return { matches: matches.slice(0, limit), isSearching, isRetrying: isSearching && failureCount > 0 };
}
