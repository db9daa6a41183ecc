import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import useWebSocket, { ReadyState } from 'react-use-websocket';
import { WS_URL } from '../api/apiClient';
import { askedDelay, backOff, mayReturn } from '../chat/reconnect';
import { useStore } from '../store/useStore';
import type { ClientFrame, ServerFrame } from '../types/chat';

const OPENS_WITHIN = 10_000;

interface Options {
  /** Called for every frame, in order. */
  onMessage: (frame: ServerFrame) => void;
  /** The cursor of the oldest snapshot that is shown. The first dial waits for it; later ones have their own. */
  from: string | undefined;
}

/**
 * The socket. It resumes by cursor, so nothing is missed; dials again after a loss, when the server asks for
 * it, and when it hears nothing for two heartbeats. `isConnected` when all that was missed has come.
 */
export function useChatWebSocket({ onMessage, from }: Options) {
  const userId = useStore((store) => store.user?.id);
  const [isConnected, setIsConnected] = useState(false);
  const [isRefused, setIsRefused] = useState(false);
  const [dials, dialAgain] = useReducer((count: number) => count + 1, 0);
  const cursor = useRef<string | null>(null);
  const delay = useRef<number | undefined>(undefined);
  const silence = useSilence(dialAgain);

  // The first snapshot's: a later list says nothing of the histories that were fetched before it.
  const start = useRef<string | undefined>(undefined);
  start.current ??= from;
  const hasStarted = useRef(false);
  hasStarted.current ||= from !== undefined;
  const connect = userId !== undefined && hasStarted.current;
  // Another function makes the library drop the socket that it has and dial.
  const url = useCallback(() => {
    const query = new URLSearchParams({ token: userId ?? '', dial: `${dials}` });
    const place = cursor.current ?? start.current;
    if (place) query.set('cursor', place);
    return `${WS_URL}?${query}`;
  }, [userId, dials]);

  const hear = (frame: ServerFrame) => {
    if (frame.type === 'hello') silence.allow(2_000 * frame.heartbeatSeconds);
    if (frame.type === 'synced' || frame.type === 'cursor') cursor.current = frame.cursor ?? cursor.current;
    if (frame.type === 'synced') setIsConnected(true);
    if (frame.type === 'reconnect') delay.current = frame.afterMs;
    if (isUseless(frame)) {
      cursor.current = null;
      start.current = undefined;
    }
    onMessage(frame);
  };

  const { sendJsonMessage, getWebSocket, readyState } = useWebSocket(
    url,
    {
      filter: () => false,
      onMessage: (event: MessageEvent<string>) => {
        silence.broken();
        hear(JSON.parse(event.data) as ServerFrame);
      },
      onClose: (event) => {
        silence.forget();
        delay.current = askedDelay(event.reason) ?? delay.current;
        setIsConnected(false);
        setIsRefused(!mayReturn(event.code));
      },
      shouldReconnect: (event) => mayReturn(event.code),
      reconnectAttempts: Infinity,
      reconnectInterval: (attempt) => {
        const asked = delay.current;
        delay.current = undefined;
        return asked ?? backOff(attempt, Math.random());
      },
    },
    connect,
  );

  // A socket that does not open, and is not refused either, is given up.
  useEffect(() => {
    if (readyState !== ReadyState.CONNECTING) return undefined;
    const timer = window.setTimeout(dialAgain, OPENS_WITHIN);
    return () => window.clearTimeout(timer);
  }, [readyState, url]);

  // A socket that was dropped must not dial when its close is done.
  useEffect(
    () => () => {
      setIsConnected(false);
      const dropped = getWebSocket();
      if (dropped instanceof WebSocket) dropped.onclose = null;
    },
    [url, connect, getWebSocket],
  );
  useComingBack(dialAgain, isConnected);

  const sendMessage = useCallback((frame: ClientFrame) => sendJsonMessage(frame, false), [sendJsonMessage]);
  return { isConnected, isRefused, sendMessage };
}

/** Says that the cursor that we came with is of no use. */
export function isUseless(frame: ServerFrame): boolean {
  return frame.type === 'reset' || (frame.type === 'error' && frame.code === 'cursor_invalid');
}

/** Calls when nothing was heard for as long as was allowed. */
function useSilence(onSilence: () => void) {
  const allowed = useRef(Infinity);
  const timer = useRef<number | undefined>(undefined);
  const broken = useCallback(() => {
    window.clearTimeout(timer.current);
    if (allowed.current < Infinity) timer.current = window.setTimeout(onSilence, allowed.current);
  }, [onSilence]);
  const forget = useCallback(() => window.clearTimeout(timer.current), []);
  const allow = useCallback(
    (ms: number) => {
      allowed.current = ms;
      broken();
    },
    [broken],
  );
  useEffect(() => forget, [forget]);
  return { allow, broken, forget };
}

/** Dials at once when the network changes, or when somebody looks while nothing is connected. */
function useComingBack(dialAgain: () => void, isConnected: boolean) {
  useEffect(() => {
    window.addEventListener('online', dialAgain);
    window.addEventListener('offline', dialAgain);
    return () => {
      window.removeEventListener('online', dialAgain);
      window.removeEventListener('offline', dialAgain);
    };
  }, [dialAgain]);
  useEffect(() => {
    const look = () => document.visibilityState === 'visible' && !isConnected && dialAgain();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [dialAgain, isConnected]);
}
