import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import { ChatSocket, type SocketState } from '../api/ChatSocket';
import { batchFrames } from '../api/frameBatch';
import { useStore } from '../store/useStore';
import type { ClientFrame, ServerFrame } from '../types/chat';

interface Options {
  /** Called with every frame, in order; those of one paint together. */
  onFrames: (frames: readonly ServerFrame[]) => void;
  /** The cursor of the oldest snapshot that is shown: the socket waits for the first, later ones do not matter. */
  from: string | undefined;
}

/** The socket for as long as there is a user. `isConnected` when all that was missed has come. */
export function useChatWebSocket({ onFrames, from }: Options) {
  const userId = useStore((store) => store.user?.id);
  const [state, setState] = useState<SocketState>('connecting');
  const [cursor, setCursor] = useState(from);
  if (cursor === undefined && from !== undefined) setCursor(from);
  const socket = useRef<ChatSocket>(null);
  const deliver = useEffectEvent(onFrames);

  useEffect(() => {
    if (userId === undefined || cursor === undefined) return undefined;
    const batch = batchFrames((frames) => deliver(frames));
    const current = new ChatSocket({ token: userId, cursor, onFrame: batch.receive, onState: setState });
    socket.current = current;
    current.start();
    return () => {
      current.stop();
      // What still waits is this user's, and would be delivered to the next.
      batch.stop();
    };
  }, [userId, cursor]);

  const sendMessage = useCallback((frame: ClientFrame) => socket.current?.send(frame), []);
  return { isConnected: state === 'connected', isRefused: state === 'refused', sendMessage };
}
