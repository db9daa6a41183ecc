import { create } from 'zustand';
import type { Outbox, Outgoing } from '../domain/outbox';
import { getItem, keysOf, removeItem, setItem } from './storage';
import { tabId } from './tabs';

/**
 * This tab's outbox. It is kept in localStorage as well, an item a message, so that tabs never overwrite one
 * another; the item says whose it is, and who finds it without an owner takes it over. It stays until the
 * message is seen: what is in the log may still be rejected, and one should hear of it.
 */
export const useOutbox = create<{ outbox: Outbox }>(() => ({ outbox: [] }));

interface Kept extends Outgoing {
  tab: string;
}

const prefix = (userId: string) => `parley/outbox/${encodeURIComponent(userId)}/`;

function keep(userId: string, outgoing: Outgoing) {
  const key = prefix(userId) + outgoing.clientId;
  setItem(key, JSON.stringify({ ...outgoing, tab: tabId } satisfies Kept));
}

export function changeOutbox(userId: string, change: (outbox: Outbox) => Outbox): void {
  const before = useOutbox.getState().outbox;
  const after = change(before);
  if (after === before) return;
  const remaining = new Set(after.map((outgoing) => outgoing.clientId));
  for (const { clientId } of before) {
    if (!remaining.has(clientId)) removeItem(prefix(userId) + clientId);
  }
  for (const outgoing of after) if (!before.includes(outgoing)) keep(userId, outgoing);
  useOutbox.setState({ outbox: after });
}

function kept(userId: string): Kept[] {
  const items = keysOf(prefix(userId)).map(getItem);
  return items.flatMap((item) => parsed(item));
}

/** Nothing, when what was stored is none of ours. */
function parsed(item: string | null): Kept[] {
  try {
    return item === null ? [] : [JSON.parse(item) as Kept];
  } catch {
    return [];
  }
}

/**
 * Takes over what tabs left behind that are not `open` any more, a reload's own too, and what was put down
 * here: before what was written since, and not known to be in the log.
 */
export function inherit(userId: string, open: ReadonlySet<string>): Outgoing[] {
  const held = new Set(useOutbox.getState().outbox.map(({ clientId }) => clientId));
  const left = kept(userId).filter(
    ({ tab, clientId }) => !held.has(clientId) && (tab === tabId || !open.has(tab)),
  );
  const byAge = left.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  const inherited = byAge.map(({ tab: _, ...outgoing }): Outgoing => ({
    ...outgoing,
    state: outgoing.state === 'sent' ? 'pending' : outgoing.state,
    isInherited: true,
  }));
  if (inherited.length > 0) changeOutbox(userId, (outbox) => [...inherited, ...outbox]);
  return inherited;
}

/** Another user is next at this tab. What is not in the log yet stays in localStorage for this one. */
export function putDown(): void {
  useOutbox.setState({ outbox: [] });
}
