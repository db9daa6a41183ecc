import { useEffect, useMemo } from 'react';
import { outstanding, withoutArrived } from '../domain/outbox';
import { changeOutbox, useOutbox } from '../store/useOutbox';
import type { Message } from '../types/chat';

/** What is on its way to a conversation and not among its messages yet. */
export function useOutgoing(id: string, items: readonly Message[], meId: string) {
  const outbox = useOutbox((store) => store.outbox);
  useEffect(() => changeOutbox(meId, (all) => withoutArrived(all, items, meId)), [outbox, items, meId]);
  return useMemo(() => outstanding(outbox, id, items, meId), [outbox, id, items, meId]);
}
