import { useEffect, useEffectEvent } from 'react';
import { problemCode } from '../api/apiClient';
import { withNotStarted, withStarted, type Outgoing } from '../domain/outbox';
import { changeOutbox, useOutbox } from '../store/useOutbox';
import { useStartConversation } from './useStartConversation';

/** Starts the conversations whose first message waits, one after another, and then sends what waited for that. */
export function useFirstMessages(
  meId: string,
  isConnected: boolean,
  put: (outgoing: Outgoing) => void,
): void {
  const waiting = useOutbox(({ outbox }) =>
    outbox.find(({ peerId, state }) => peerId !== undefined && state === 'pending'),
  );
  const { mutate, isPending } = useStartConversation();

  const send = useEffectEvent((id: string) => {
    const { outbox } = useOutbox.getState();
    const unsent = outbox.filter(({ conversationId, state }) => conversationId === id && state === 'pending');
    if (isConnected) unsent.forEach(put);
  });
  const start = useEffectEvent(({ conversationId, peerId = '' }: Outgoing) =>
    mutate(peerId, {
      onSuccess: ([{ id }]) => {
        changeOutbox(meId, (outbox) => withStarted(outbox, conversationId, id));
        send(id);
      },
      onError: (error) => {
        changeOutbox(meId, (outbox) => withNotStarted(outbox, conversationId, problemCode(error)));
      },
    }),
  );
  useEffect(() => {
    if (waiting && isConnected && !isPending) start(waiting);
  }, [waiting, isConnected, isPending]);
}
