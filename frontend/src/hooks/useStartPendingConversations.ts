import { useEffect, useEffectEvent } from 'react';
import { problemCode } from '../api/apiClient';
import { withStartFailed, withConversationStarted, type Outgoing } from '../domain/outbox';
import { changeOutbox, useOutbox } from '../store/useOutbox';
import { useStartConversation } from './useStartConversation';

/** Starts the conversations that pending messages wait for, one at a time, then transmits those messages. */
export function useStartPendingConversations(
  meId: string,
  isConnected: boolean,
  transmit: (outgoing: Outgoing) => void,
): void {
  const pending = useOutbox(({ outbox }) =>
    outbox.find(({ peerId, state }) => peerId !== undefined && state === 'pending'),
  );
  const { mutate, isPending } = useStartConversation();

  const transmitWaiting = useEffectEvent((id: string) => {
    const { outbox } = useOutbox.getState();
    const unsent = outbox.filter(({ conversationId, state }) => conversationId === id && state === 'pending');
    if (isConnected) unsent.forEach(transmit);
  });
  const start = useEffectEvent(({ conversationId, peerId = '' }: Outgoing) =>
    mutate(peerId, {
      onSuccess: ([{ id }]) => {
        changeOutbox(meId, (outbox) => withConversationStarted(outbox, conversationId, id));
        transmitWaiting(id);
      },
      onError: (error) => {
        changeOutbox(meId, (outbox) => withStartFailed(outbox, conversationId, problemCode(error)));
      },
    }),
  );
  useEffect(() => {
    if (pending && isConnected && !isPending) start(pending);
  }, [pending, isConnected, isPending]);
}
