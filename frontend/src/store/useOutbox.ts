import { create } from 'zustand';
import type { Outbox, Outgoing } from '../domain/outbox';
import { getItem, keysWithPrefix, removeItem, setItem } from './storage';
import { tabId } from './tabs';

/**
 * This tab's outbox, also stored in localStorage as one item per message, so that tabs never overwrite one
 * another. Each item names its tab; a later tab adopts the items of closed ones. An item stays until its
 * message appears in the conversation, because even an acknowledged message can still be rejected.
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

/** Empty if the item is not valid JSON. */
function parseStored(item: string | null): StoredOutgoing[] {
  try {
    return item === null ? [] : [JSON.parse(item) as StoredOutgoing];
  } catch {
    return [];
  }
}

/**
 * Adopts the stored messages of closed tabs, and this tab's own from before a reload or a switch of users.
 * Puts them before newer messages, as pending: it is unknown whether they reached the log.
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

/** Clears the in-memory outbox when the user changes. The stored items remain for the user's return. */
export function clearOutbox(): void {
  useOutbox.setState({ outbox: [] });
}

/** Deletes all unsent messages of the user, those of other tabs too. */
export function forgetOutbox(userId: string): void {
  keysWithPrefix(keyPrefix(userId)).forEach(removeItem);
  clearOutbox();
}
