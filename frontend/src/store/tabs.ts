import { uuid4 } from '../lib/uuid4';

/** Which tabs are open: each holds a lock for as long as it lives, however it ends. */

const LOCK_PREFIX = 'parley/tab/';

export const tabId = uuid4();

export function lockTab(): void {
  // Denied where storage is: then every tab takes over what it finds, and sending twice does no harm.
  navigator.locks?.request(LOCK_PREFIX + tabId, () => new Promise(() => {})).catch(() => {});
}

export async function openTabs(): Promise<Set<string>> {
  const { held = [] } = (await navigator.locks?.query().catch(() => undefined)) ?? {};
  const names = held.map((lock) => lock.name ?? '').filter((name) => name.startsWith(LOCK_PREFIX));
  return new Set([tabId, ...names.map((name) => name.slice(LOCK_PREFIX.length))]);
}
