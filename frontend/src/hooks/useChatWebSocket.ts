import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import { ChatSocket, type SocketState } from '../api/ChatSocket';
import { createFrameBatcher } from '../api/frameBatcher';
import { useStore } from '../store/useStore';
import type { ClientFrame, ServerFrame } from '../types/chat';

interface Options {
  /** Called with every frame, in order; those of one paint together. */
  onFrames: (frames: readonly ServerFrame[]) => void;
  /** The cursor of the oldest snapshot that is shown: the socket waits for the first, later ones do not matter. */
  startCursor: string | undefined;
}

/** The socket for as long as there is a user. `isConnected` when all that was missed has come. */
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
    const chatSocket = new ChatSocket({ token: userId, cursor, onFrame: batcher.receive, onState: setState });
    socket.current = chatSocket;
    chatSocket.start();
    return () => {
      chatSocket.stop();
      // What still waits is this user's, and would be delivered to the next.
      batcher.stop();
    };
  }, [userId, cursor]);

  const sendMessage = useCallback((frame: ClientFrame) => socket.current?.send(frame), []);
  return { isConnected: state === 'connected', isRefused: state === 'refused', sendMessage };
}
