import { useQueryClient } from '@tanstack/react-query';
import useWebSocket, { ReadyState } from 'react-use-websocket';
import type { MessageFrame, MessagePage, ServerFrame } from '../chat';
import { useStore } from '../useStore';
import { CHAT_QUERY_KEYS } from './queryKeys';

const WS_URL = `${window.location.origin.replace(/^http/, 'ws')}/ws`;

export function useChatWebSocket({ onMessage }: { onMessage?: (message: MessageFrame) => void } = {}) {
  const user = useStore((state) => state.user);
  const queryClient = useQueryClient();

  const { sendJsonMessage, readyState } = useWebSocket(user ? `${WS_URL}?token=${user.id}` : null, {
    shouldReconnect: () => true,
    reconnectAttempts: Infinity,
    reconnectInterval: 1_000,
    onMessage: (event: MessageEvent<string>) => {
      const frame = JSON.parse(event.data) as ServerFrame;
      if (frame.type !== 'message') return;
      queryClient.setQueryData<MessagePage>(
        CHAT_QUERY_KEYS.history(user?.id, frame.conversationId),
        (page) => page && { ...page, items: [...page.items, frame] },
      );
      void queryClient.invalidateQueries({ queryKey: CHAT_QUERY_KEYS.conversations(user?.id) });
      onMessage?.(frame);
    },
  });

  return {
    isConnected: readyState === ReadyState.OPEN,
    sendMessage: (conversationId: string, text: string) =>
      sendJsonMessage({ type: 'message', conversationId, text }),
  };
}
