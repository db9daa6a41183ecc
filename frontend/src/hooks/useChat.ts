import { useCallback, useEffect, useRef } from 'react';
import { notifyManager, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { isUseless } from '../api/ChatSocket';
import { listen, publishNews, tell } from '../api/hub';
import { isNews } from '../domain/news';
import type { ConversationList } from '../domain/conversations';
import {
  applyToOutbox,
  mayPass,
  peerToStart,
  without,
  withState,
  type Outbox,
  type Outgoing,
} from '../domain/outbox';
import { freshId } from '../lib/ids';
import { changeOutbox, inherit, putDown, useOutbox } from '../store/useOutbox';
import { openTabs } from '../store/tabs';
import type { ServerFrame } from '../types/chat';
import { applyFrame, forget } from './applyFrame';
import { useChatWebSocket } from './useChatWebSocket';
import { useConversations } from './useConversations';
import { useFirstMessages } from './useFirstMessages';
import { CHAT_QUERY_KEYS } from './queryKeys';

/** At least; with chance, so that not all clients come at once. */
const RETRY_MS = 1_500;

/** All changes of one batch are rendered together. */
const deliver = (frames: readonly ServerFrame[]) => notifyManager.batch(() => frames.forEach(tell));

/** The socket, the caches and the outbox, put together: frames in, messages out. */
export function useChat(meId: string) {
  const { data: list } = useConversations();
  const { isConnected, isRefused, sendMessage } = useChatWebSocket({
    onFrames: deliver,
    from: list?.cursor,
  });
  useFrames(meId);
  useForgetting(meId);

  const connected = useRef(isConnected);
  connected.current = isConnected;

  const put = useCallback(
    ({ conversationId, text, clientId, peerId }: Outgoing) => {
      // Else it waits for its conversation to be started.
      if (peerId === undefined) sendMessage({ type: 'message', conversationId, text, clientId });
    },
    [sendMessage],
  );
  useFirstMessages(meId, isConnected, put);

  // Whatever was on its way when the connection was lost goes again, with the same clientId, and before what
  // is written from now on.
  useEffect(() => {
    if (isConnected) putPending(useOutbox.getState().outbox, put);
  }, [isConnected, put]);
  useEffect(() => {
    let isOver = false;
    void openTabs().then((open) => {
      const inherited = isOver ? [] : inherit(meId, open);
      if (connected.current) putPending(inherited, put);
    });
    return () => void (isOver = true);
  }, [isConnected, meId, put]);

  // What the server cannot accept now is sent again until it can.
  useEffect(() => {
    let timer: number | undefined;
    const stop = listen((frame) => {
      if (frame.type !== 'error' || !mayPass(frame.code)) return;
      timer ??= window.setTimeout(
        () => {
          timer = undefined;
          if (connected.current) putPending(useOutbox.getState().outbox, put);
        },
        RETRY_MS * (1 + Math.random()),
      );
    });
    return () => {
      stop();
      window.clearTimeout(timer);
    };
  }, [put]);

  const send = useCallback(
    (conversationId: string, text: string, peerId?: string) => {
      const waitsFor = peerId ?? peerToStart(useOutbox.getState().outbox, conversationId);
      const outgoing = compose(conversationId, text, waitsFor);
      changeOutbox(meId, (outbox) => [...outbox, outgoing]);
      if (connected.current) put(outgoing);
    },
    [meId, put],
  );

  const retry = useCallback(
    (outgoing: Outgoing) => {
      changeOutbox(meId, (outbox) => withState(outbox, outgoing.clientId, 'pending'));
      if (connected.current) put(outgoing);
    },
    [meId, put],
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

function putPending(outbox: Outbox, put: (outgoing: Outgoing) => void) {
  for (const outgoing of outbox) if (outgoing.state === 'pending') put(outgoing);
}

export type Chat = ReturnType<typeof useChat>;

/** Who is next at this tab is somebody else: nothing of this one stays in memory, and nothing is said for them. */
function useForgetting(meId: string) {
  const queryClient = useQueryClient();
  useEffect(
    () => () => {
      putDown();
      queryClient.removeQueries({ queryKey: CHAT_QUERY_KEYS.conversations(meId) });
      queryClient.removeQueries({ queryKey: CHAT_QUERY_KEYS.histories(meId) });
    },
    [queryClient, meId],
  );
}

/** `peerId`: of a conversation that this message starts. */
function compose(conversationId: string, text: string, peerId: string | undefined): Outgoing {
  const createdAt = new Date().toISOString();
  const outgoing = { clientId: freshId(), conversationId, text, createdAt, state: 'pending' } as const;
  return peerId === undefined ? outgoing : { ...outgoing, peerId };
}

function useFrames(meId: string) {
  const queryClient = useQueryClient();
  useEffect(
    () =>
      listen((frame) => {
        const list = queryClient.getQueryData<ConversationList>(CHAT_QUERY_KEYS.conversations(meId));
        if (isNews(list, frame, meId)) publishNews(frame);
        const inherited = acceptedInherited(frame);
        applyFrame(queryClient, meId, frame);
        changeOutbox(meId, (outbox) => applyToOutbox(outbox, frame, meId));
        if (inherited) refetch(queryClient, meId, inherited);
        if (isUseless(frame)) void forget(queryClient, meId);
        if (frame.type === 'synced') void refetchFailed(queryClient);
      }),
    [queryClient, meId],
  );
}

/** It may have arrived long ago: then history has it, and no frame will come. */
function acceptedInherited(frame: ServerFrame): Outgoing | undefined {
  if (frame.type !== 'accepted') return undefined;
  const { outbox } = useOutbox.getState();
  return outbox.find((outgoing) => outgoing.isInherited && outgoing.clientId === frame.clientId);
}

function refetch(queryClient: QueryClient, meId: string, { conversationId }: Outgoing) {
  void queryClient.invalidateQueries({ queryKey: CHAT_QUERY_KEYS.history(meId, conversationId) });
}

/** What did not come while the server was away. */
function refetchFailed(queryClient: QueryClient) {
  return queryClient.refetchQueries({ predicate: ({ state }) => state.status === 'error' });
}
