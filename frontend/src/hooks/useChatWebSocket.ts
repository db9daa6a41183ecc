import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import { ChatSocket, type SocketState } from '../api/ChatSocket';
import { credentials } from '../api/credentials';
import { createFrameBatcher } from '../api/frameBatcher';
import { useStore } from '../store/useStore';
import type { ClientFrame, ServerFrame } from '../types/chat';

interface Options {
  /** Called with all frames, in order, batched per paint. */
  onFrames: (frames: readonly ServerFrame[]) => void;
  /** Cursor of the first snapshot. The socket connects once it is set; later changes are ignored. */
  startCursor: string | undefined;
}

/**
 * Keeps a socket open while a user is signed in. `isConnected` is true once missed frames have been replayed.
 */
export function useChatWebSocket({ onFrames, startCursor }: Options) {
  const userId = useStore((store) => store.user?.id);
  const [state, setState] = useState<SocketState>('connecting');
  const [cursor, setCursor] = useState(startCursor);
  if (cursor === undefined && startCursor !== undefined) setCursor(startCursor);
  const socket = useRef<ChatSocket>(null);
  const publish = useEffectEvent(onFrames);

  useEffect(() => {
    if (userId === undefined || cursor === undefined) return undefined;
    const batcher = createFrameBatcher((frames) => publish(frames));
    const chatSocket = new ChatSocket({
      userId,
      credentials: credentials(),
      cursor,
      onFrame: batcher.receive,
      onState: setState,
    });
    socket.current = chatSocket;
    chatSocket.start();
    return () => {
      chatSocket.stop();
      // Pending frames belong to this user and must not reach the next one.
      batcher.stop();
    };
  }, [userId, cursor]);

  const sendMessage = useCallback((frame: ClientFrame) => socket.current?.send(frame), []);
  return { isConnected: state === 'connected', isRefused: state === 'refused', sendMessage };
}
