import { useCallback, useEffect, useRef } from 'react';
import { notifyManager, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { invalidatesCursor } from '../api/ChatSocket';
import { subscribeToFrames, publishNewMessage, publishFrame } from '../api/frameBus';
import { createNewMessageFilter } from '../domain/newMessages';
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
import { useStartPendingConversations } from './useStartPendingConversations';
import { CHAT_QUERY_KEYS } from './queryKeys';

/** Lower bound; up to twice as long by jitter. */
const MIN_RETRY_DELAY_MS = 1_500;

/** Publishes a batch so that its changes render together. */
const publishBatch = (frames: readonly ServerFrame[]) =>
  notifyManager.batch(() => frames.forEach(publishFrame));

/** Connects the socket, the query cache and the outbox: applies frames, sends messages. */
export function useChat(meId: string) {
  const { data: list } = useConversations();
  const { isConnected, isRefused, sendMessage } = useChatWebSocket({
    onFrames: publishBatch,
    startCursor: list?.cursor,
  });
  useApplyFrames(meId);
  useClearOnUserChange(meId);

  // True from the moment the outbox is resent: a message sent earlier must not overtake it.
  const canTransmit = useRef(false);

  const transmit = useCallback(
    ({ conversationId, text, clientId, peerId }: Outgoing) => {
      // With a peer, the message waits for its conversation to be started.
      if (peerId === undefined) sendMessage({ type: 'message', conversationId, text, clientId });
    },
    [sendMessage],
  );
  useStartPendingConversations(meId, isConnected, transmit);

  // Resend everything unacknowledged on each connection, with the same clientId and before newer messages.
  useEffect(() => {
    canTransmit.current = isConnected;
    if (isConnected) transmitPending(useOutbox.getState().outbox, transmit);
  }, [isConnected, transmit]);
  useEffect(() => {
    let isCancelled = false;
    void openTabs().then((openTabIds) => {
      const adopted = isCancelled ? [] : adoptOrphans(meId, openTabIds);
      if (canTransmit.current) transmitPending(adopted, transmit);
    });
    return () => void (isCancelled = true);
  }, [isConnected, meId, transmit]);

  // Retry messages refused with a temporary error.
  useEffect(() => {
    let timer: number | undefined;
    const unsubscribe = subscribeToFrames((frame) => {
      if (frame.type !== 'error' || !isRetryable(frame.code)) return;
      timer ??= window.setTimeout(
        () => {
          timer = undefined;
          if (canTransmit.current) transmitPending(useOutbox.getState().outbox, transmit);
        },
        Math.max(MIN_RETRY_DELAY_MS, frame.afterMs ?? 0) * (1 + Math.random()),
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
      if (canTransmit.current) transmit(outgoing);
    },
    [meId, transmit],
  );

  const retry = useCallback(
    (outgoing: Outgoing) => {
      changeOutbox(meId, (outbox) => withState(outbox, outgoing.clientId, 'pending'));
      if (canTransmit.current) transmit(outgoing);
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

/** Drops the user's cache and in-memory outbox when this tab switches to another user. */
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

/** `peerId` is set if the message's conversation must be started first. */
function createOutgoing(conversationId: string, text: string, peerId: string | undefined): Outgoing {
  const createdAt = new Date().toISOString();
  const outgoing = { clientId: uuid4(), conversationId, text, createdAt, state: 'pending' } as const;
  return peerId === undefined ? outgoing : { ...outgoing, peerId };
}

function useApplyFrames(meId: string) {
  const queryClient = useQueryClient();
  useEffect(() => {
    const isNewMessage = createNewMessageFilter(meId);
    return subscribeToFrames((frame) => {
      if (isNewMessage(frame)) publishNewMessage(frame);
      const adopted = acceptedOrphan(frame);
      applyFrameToCache(queryClient, meId, frame);
      changeOutbox(meId, (outbox) => applyToOutbox(outbox, frame, meId));
      if (adopted) refetchHistory(queryClient, meId, adopted);
      if (invalidatesCursor(frame)) void resetCache(queryClient, meId);
      if (frame.type === 'synced') void refetchFailed(queryClient);
    });
  }, [queryClient, meId]);
}

/**
 * The adopted message that a frame acknowledges. It may have been stored long ago, so no `message` frame will
 * come.
 */
function acceptedOrphan(frame: ServerFrame): Outgoing | undefined {
  if (frame.type !== 'accepted') return undefined;
  const { outbox } = useOutbox.getState();
  return outbox.find((outgoing) => outgoing.isAdopted && outgoing.clientId === frame.clientId);
}

function refetchHistory(queryClient: QueryClient, meId: string, { conversationId }: Outgoing) {
  void queryClient.invalidateQueries({ queryKey: CHAT_QUERY_KEYS.history(meId, conversationId) });
}

/** Retries queries that failed while the server was unreachable. */
function refetchFailed(queryClient: QueryClient) {
  return queryClient.refetchQueries({ predicate: ({ state }) => state.status === 'error' });
}
