import { useCallback, useEffect, useRef } from 'react';
import { notifyManager, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { invalidatesCursor } from '../api/ChatSocket';
import { subscribeToFrames, publishNewMessage, publishFrame } from '../api/frameBus';
import { isNewMessage } from '../domain/isNewMessage';
import type { ConversationList } from '../domain/conversations';
import {
  applyToOutbox,
  isRetryable,
  pendingPeer,
  without,
  withState,
  type Outbox,
  type Outgoing,
} from '../domain/outbox';
import { uuid4 } from '../lib/uuid4';
import { changeOutbox, adoptOrphans, clearOutbox, useOutbox } from '../store/useOutbox';
import { openTabs } from '../store/tabs';
import type { ServerFrame } from '../types/chat';
import { applyFrameToCache, resetCache } from './frameCache';
import { useChatWebSocket } from './useChatWebSocket';
import { useConversations } from './useConversations';
import { useStartConversations } from './useStartConversations';
import { CHAT_QUERY_KEYS } from './queryKeys';

/** At least; with chance, so that not all clients come at once. */
const MIN_RETRY_DELAY_MS = 1_500;

/** All changes of one batch are rendered together. */
const publishBatch = (frames: readonly ServerFrame[]) =>
  notifyManager.batch(() => frames.forEach(publishFrame));

/** The socket, the caches and the outbox, put together: frames in, messages out. */
export function useChat(meId: string) {
  const { data: list } = useConversations();
  const { isConnected, isRefused, sendMessage } = useChatWebSocket({
    onFrames: publishBatch,
    startCursor: list?.cursor,
  });
  useApplyFrames(meId);
  useClearOnUserChange(meId);

  const isConnectedRef = useRef(isConnected);
  isConnectedRef.current = isConnected;

  const transmit = useCallback(
    ({ conversationId, text, clientId, peerId }: Outgoing) => {
      // Else it waits for its conversation to be started.
      if (peerId === undefined) sendMessage({ type: 'message', conversationId, text, clientId });
    },
    [sendMessage],
  );
  useStartConversations(meId, isConnected, transmit);

  // Whatever was on its way when the connection was lost goes again, with the same clientId, and before what
  // is written from now on.
  useEffect(() => {
    if (isConnected) transmitPending(useOutbox.getState().outbox, transmit);
  }, [isConnected, transmit]);
  useEffect(() => {
    let isCancelled = false;
    void openTabs().then((openTabIds) => {
      const adopted = isCancelled ? [] : adoptOrphans(meId, openTabIds);
      if (isConnectedRef.current) transmitPending(adopted, transmit);
    });
    return () => void (isCancelled = true);
  }, [isConnected, meId, transmit]);

  // What the server cannot accept now is sent again until it can.
  useEffect(() => {
    let timer: number | undefined;
    const unsubscribe = subscribeToFrames((frame) => {
      if (frame.type !== 'error' || !isRetryable(frame.code)) return;
      timer ??= window.setTimeout(
        () => {
          timer = undefined;
          if (isConnectedRef.current) transmitPending(useOutbox.getState().outbox, transmit);
        },
        MIN_RETRY_DELAY_MS * (1 + Math.random()),
      );
    });
    return () => {
      unsubscribe();
      window.clearTimeout(timer);
    };
  }, [transmit]);

  const send = useCallback(
    (conversationId: string, text: string, peerId?: string) => {
      const peerToStart = peerId ?? pendingPeer(useOutbox.getState().outbox, conversationId);
      const outgoing = createOutgoing(conversationId, text, peerToStart);
      changeOutbox(meId, (outbox) => [...outbox, outgoing]);
      if (isConnectedRef.current) transmit(outgoing);
    },
    [meId, transmit],
  );

  const retry = useCallback(
    (outgoing: Outgoing) => {
      changeOutbox(meId, (outbox) => withState(outbox, outgoing.clientId, 'pending'));
      if (isConnectedRef.current) transmit(outgoing);
    },
    [meId, transmit],
  );

  const discard = useCallback(
    (outgoing: Outgoing) => changeOutbox(meId, (outbox) => without(outbox, outgoing.clientId)),
    [meId],
  );

  const markRead = useCallback(
    (conversationId: string, upTo: number) => sendMessage({ type: 'read', conversationId, upTo }),
    [sendMessage],
  );

  return { isConnected, isRefused, send, retry, discard, markRead };
}

function transmitPending(outbox: Outbox, transmit: (outgoing: Outgoing) => void) {
  for (const outgoing of outbox) if (outgoing.state === 'pending') transmit(outgoing);
}

export type Chat = ReturnType<typeof useChat>;

/** Who is next at this tab is somebody else: nothing of this one stays in memory, and nothing is said for them. */
function useClearOnUserChange(meId: string) {
  const queryClient = useQueryClient();
  useEffect(
    () => () => {
      clearOutbox();
      queryClient.removeQueries({ queryKey: CHAT_QUERY_KEYS.conversations(meId) });
      queryClient.removeQueries({ queryKey: CHAT_QUERY_KEYS.histories(meId) });
    },
    [queryClient, meId],
  );
}

/** `peerId`: of a conversation that this message starts. */
function createOutgoing(conversationId: string, text: string, peerId: string | undefined): Outgoing {
  const createdAt = new Date().toISOString();
  const outgoing = { clientId: uuid4(), conversationId, text, createdAt, state: 'pending' } as const;
  return peerId === undefined ? outgoing : { ...outgoing, peerId };
}

function useApplyFrames(meId: string) {
  const queryClient = useQueryClient();
  useEffect(
    () =>
      subscribeToFrames((frame) => {
        const list = queryClient.getQueryData<ConversationList>(CHAT_QUERY_KEYS.conversations(meId));
        if (isNewMessage(list, frame, meId)) publishNewMessage(frame);
        const adopted = acceptedOrphan(frame);
        applyFrameToCache(queryClient, meId, frame);
        changeOutbox(meId, (outbox) => applyToOutbox(outbox, frame, meId));
        if (adopted) refetchHistory(queryClient, meId, adopted);
        if (invalidatesCursor(frame)) void resetCache(queryClient, meId);
        if (frame.type === 'synced') void refetchFailed(queryClient);
      }),
    [queryClient, meId],
  );
}

/** It may have arrived long ago: then history has it, and no frame will come. */
function acceptedOrphan(frame: ServerFrame): Outgoing | undefined {
  if (frame.type !== 'accepted') return undefined;
  const { outbox } = useOutbox.getState();
  return outbox.find((outgoing) => outgoing.isAdopted && outgoing.clientId === frame.clientId);
}

function refetchHistory(queryClient: QueryClient, meId: string, { conversationId }: Outgoing) {
  void queryClient.invalidateQueries({ queryKey: CHAT_QUERY_KEYS.history(meId, conversationId) });
}

/** What did not come while the server was away. */
function refetchFailed(queryClient: QueryClient) {
  return queryClient.refetchQueries({ predicate: ({ state }) => state.status === 'error' });
}
