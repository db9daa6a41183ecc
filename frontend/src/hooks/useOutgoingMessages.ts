import { useEffect, useMemo } from 'react';
import { undelivered, withoutDelivered } from '../domain/outbox';
import { changeOutbox, useOutbox } from '../store/useOutbox';
import type { Message } from '../types/chat';

/** A conversation's outgoing messages. Removes those from the outbox that have arrived in `items`. */
export function useOutgoingMessages(id: string, items: readonly Message[], meId: string) {
  const outbox = useOutbox((store) => store.outbox);
  useEffect(() => changeOutbox(meId, (all) => withoutDelivered(all, items, meId)), [outbox, items, meId]);
  return useMemo(() => undelivered(outbox, id, items, meId), [outbox, id, items, meId]);
}
