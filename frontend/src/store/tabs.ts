import { uuid4 } from '../lib/uuid4';

/** Detects open tabs: each holds a Web Lock, which the browser releases however the tab ends. */

const LOCK_PREFIX = 'parley/tab/';
/** A page that is reloaded may hold its lock for a moment after the next one has begun. */
const RELEASE_TIMEOUT_MS = 1_000;

export const tabId = uuid4();

export function lockTab(): void {
  // Locks can be denied. Then every tab adopts all stored messages; duplicate sends are idempotent.
  navigator.locks?.request(LOCK_PREFIX + tabId, () => new Promise(() => {})).catch(() => {});
}

export async function openTabs(): Promise<Set<string>> {
  const { held = [] } = (await navigator.locks?.query().catch(() => undefined)) ?? {};
  const names = held.map((lock) => lock.name ?? '').filter((name) => name.startsWith(LOCK_PREFIX));
  return new Set([tabId, ...names.map((name) => name.slice(LOCK_PREFIX.length))]);
}

/** Resolves to whether the tab is closed or has reloaded; true where locks are unknown or denied. */
export async function isClosed(tab: string): Promise<boolean> {
  const signal = AbortSignal.timeout(RELEASE_TIMEOUT_MS);
  try {
    await navigator.locks?.request(LOCK_PREFIX + tab, { signal }, () => {});
    return true;
  } catch {
    return !signal.aborted;
  }
}
