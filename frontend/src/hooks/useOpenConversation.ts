import { useEffect, useMemo } from 'react';
import { directConversationId, unstartedConversation, withUnstarted } from '../domain/conversations';
import { isUserId } from '../lib/userId';
import { useOutbox } from '../store/useOutbox';
import type { Conversation } from '../types/chat';
import { useConversations, useMoreConversations } from './useConversations';
import type { Route } from './browser/useRoute';

/** The loaded conversations, preceded by those whose first message is still in the outbox. */
export function useListedConversations(meId: string): Conversation[] {
  const { data: list } = useConversations();
  const outbox = useOutbox((store) => store.outbox);
  return useMemo(() => withUnstarted(list?.items ?? [], outbox, meId), [list, outbox, meId]);
}

/** Id of the conversation that a route addresses. */
export function conversationIdOf(route: Route | undefined, meId: string): string | undefined {
  return route && ('to' in route ? directConversationId(meId, route.to) : route.id);
}

interface OpenConversation {
  conversation: Conversation | undefined;
  isSearching: boolean;
  /** The last request failed and is being retried. */
  isRetrying: boolean;
}

/**
 * The conversation addressed by the route. Loads the list until it is found; at its end a user route yields a
 * new one.
 */
export function useOpenConversation(meId: string, route: Route | undefined): OpenConversation {
  const { data: list } = useConversations();
  const listed = useListedConversations(meId);
  const { mutate, isPending, isError, failureCount } = useMoreConversations();
  const id = useMemo(() => conversationIdOf(route, meId), [route, meId]);
  const listedConversation = listed.find((candidate) => candidate.id === id);
  const next = id && list && !listedConversation ? list.nextPage : null;
  useEffect(() => {
    if (next && !isPending && !isError) mutate(next);
  }, [next, isPending, isError, mutate]);

  const peerId = route && 'to' in route ? route.to : undefined;
  const newConversation = useMemo(() => {
    const canStart = peerId !== undefined && isUserId(peerId) && peerId !== meId;
    return canStart ? unstartedConversation(meId, peerId, new Date().toISOString()) : undefined;
  }, [meId, peerId]);
  const isSearching = Boolean(next) && !isError && !(newConversation && failureCount > 0);
  const conversation = listedConversation ?? (list && !isSearching ? newConversation : undefined);
  return { conversation, isSearching, isRetrying: isSearching && failureCount > 0 };
}
