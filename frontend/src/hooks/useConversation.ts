import { useEffect, useMemo } from 'react';
import { directId, unstarted, withUnstarted } from '../domain/conversations';
import { isUserId } from '../lib/people';
import { useOutbox } from '../store/useOutbox';
import type { Conversation } from '../types/chat';
import { useConversations, useMoreConversations } from './useConversations';
import type { Route } from './browser/useRoute';

/** The conversations that are loaded, with those that their first message is about to start. */
export function useListed(meId: string): Conversation[] {
  const { data: list } = useConversations();
  const outbox = useOutbox((store) => store.outbox);
  return useMemo(() => withUnstarted(list?.items ?? [], outbox, meId), [list, outbox, meId]);
}

/** The id of what is open. */
export function idOf(route: Route | undefined, meId: string): string | undefined {
  return route && ('to' in route ? directId(meId, route.to) : route.id);
}

interface Found {
  conversation: Conversation | undefined;
  isSearched: boolean;
  /** The search goes on, but the server did not answer. */
  isDelayed: boolean;
}

/** The one that is open. The list is loaded on until it is found, or ends: then one with a user is a new one. */
export function useConversation(meId: string, route: Route | undefined): Found {
  const { data: list } = useConversations();
  const listed = useListed(meId);
  const { mutate, isPending, isError, failureCount } = useMoreConversations();
  const id = useMemo(() => idOf(route, meId), [route, meId]);
  const held = listed.find((candidate) => candidate.id === id);
  const next = id && list && !held ? list.nextPage : null;
  useEffect(() => {
    if (next && !isPending && !isError) mutate(next);
  }, [next, isPending, isError, mutate]);

  const peerId = route && 'to' in route ? route.to : undefined;
  const fresh = useMemo(() => {
    const canStart = peerId !== undefined && isUserId(peerId) && peerId !== meId;
    return canStart ? unstarted(meId, peerId, new Date().toISOString()) : undefined;
  }, [meId, peerId]);
  const isSearched = Boolean(next) && !isError && !(fresh && failureCount > 0);
  const conversation = held ?? (list && !isSearched ? fresh : undefined);
  return { conversation, isSearched, isDelayed: isSearched && failureCount > 0 };
}
