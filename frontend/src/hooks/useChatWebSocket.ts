import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import { ChatSocket, type SocketState } from '../api/ChatSocket';
import { useStore } from '../store/useStore';
import type { ClientFrame, ServerFrame } from '../types/chat';

interface Options {
  /** Called for every frame, in order. */
  onMessage: (frame: ServerFrame) => void;
  /** The cursor of the oldest snapshot that is shown: the socket waits for the first, later ones do not matter. */
  from: string | undefined;
}

/** The socket for as long as there is a user. `isConnected` when all that was missed has come. */
export function useChatWebSocket({ onMessage, from }: Options) {
  const userId = useStore((store) => store.user?.id);
  const [state, setState] = useState<SocketState>('connecting');
  const [cursor, setCursor] = useState(from);
  if (cursor === undefined && from !== undefined) setCursor(from);
  const socket = useRef<ChatSocket>(null);
  const receive = useEffectEvent(onMessage);

  useEffect(() => {
    if (userId === undefined || cursor === undefined) return undefined;
    const onFrame = (frame: ServerFrame) => receive(frame);
    const current = new ChatSocket({ token: userId, cursor, onFrame, onState: setState });
    socket.current = current;
    current.start();
    return () => current.stop();
  }, [userId, cursor]);

  const sendMessage = useCallback((frame: ClientFrame) => socket.current?.send(frame), []);
  return { isConnected: state === 'connected', isRefused: state === 'refused', sendMessage };
}
