import { create } from 'zustand';
import type { Outbox, Outgoing } from '../domain/outbox';
import { getItem, keysWithPrefix, removeItem, setItem } from './storage';
import { tabId } from './tabs';

/**
 * This tab's outbox. It is kept in localStorage as well, an item a message, so that tabs never overwrite one
 * another; the item says whose it is, and who finds it without an owner takes it over. It stays until the
 * message is seen: what is in the log may still be rejected, and one should hear of it.
 */
export const useOutbox = create<{ outbox: Outbox }>(() => ({ outbox: [] }));

interface StoredOutgoing extends Outgoing {
  tab: string;
}

const keyPrefix = (userId: string) => `parley/outbox/${encodeURIComponent(userId)}/`;

function saveOutgoing(userId: string, outgoing: Outgoing) {
  const key = keyPrefix(userId) + outgoing.clientId;
  setItem(key, JSON.stringify({ ...outgoing, tab: tabId } satisfies StoredOutgoing));
}

export function changeOutbox(userId: string, change: (outbox: Outbox) => Outbox): void {
  const previous = useOutbox.getState().outbox;
  const next = change(previous);
  if (next === previous) return;
  const remaining = new Set(next.map((outgoing) => outgoing.clientId));
  for (const { clientId } of previous) {
    if (!remaining.has(clientId)) removeItem(keyPrefix(userId) + clientId);
  }
  for (const outgoing of next) if (!previous.includes(outgoing)) saveOutgoing(userId, outgoing);
  useOutbox.setState({ outbox: next });
}

function loadStored(userId: string): StoredOutgoing[] {
  const items = keysWithPrefix(keyPrefix(userId)).map(getItem);
  return items.flatMap((item) => parseStored(item));
}

/** Nothing, when what was stored is none of ours. */
function parseStored(item: string | null): StoredOutgoing[] {
  try {
    return item === null ? [] : [JSON.parse(item) as StoredOutgoing];
  } catch {
    return [];
  }
}

/**
 * Takes over what tabs left behind that are not `open` any more, a reload's own too, and what was put down
 * here: before what was written since, and not known to be in the log.
 */
export function adoptOrphans(userId: string, openTabIds: ReadonlySet<string>): Outgoing[] {
  const currentIds = new Set(useOutbox.getState().outbox.map(({ clientId }) => clientId));
  const orphans = loadStored(userId).filter(
    ({ tab, clientId }) => !currentIds.has(clientId) && (tab === tabId || !openTabIds.has(tab)),
  );
  const byAge = orphans.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  const adopted = byAge.map(({ tab: _, ...outgoing }): Outgoing => ({
    ...outgoing,
    state: outgoing.state === 'sent' ? 'pending' : outgoing.state,
    isAdopted: true,
  }));
  if (adopted.length > 0) changeOutbox(userId, (outbox) => [...adopted, ...outbox]);
  return adopted;
}

/** Another user is next at this tab. What is not in the log yet stays in localStorage for this one. */
export function clearOutbox(): void {
  useOutbox.setState({ outbox: [] });
}
