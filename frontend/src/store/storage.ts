/**
 * localStorage that never throws. What the browser refuses to keep (full, denied, absent) is kept in memory for
 * as long as the page lives.
 */
import { create } from 'zustand';

/** Items that are in memory alone. */
const inMemory = new Map<string, string>();
/** Those of them that somebody wrote. While there are any, `isVolatile`: they do not survive a reload. */
const unsaved = new Set<string>();

export const useStorage = create<{ isVolatile: boolean }>(() => ({ isVolatile: false }));

/** The browser's; undefined where there is none. Even to ask for it may throw. */
function local(): Storage | undefined {
  try {
    return window.localStorage ?? undefined;
  } catch {
    return undefined;
  }
}

function attempt<T>(action: (storage: Storage) => T): T | undefined {
  try {
    const storage = local();
    return storage && action(storage);
  } catch {
    return undefined;
  }
}

function noteVolatility() {
  const isVolatile = unsaved.size > 0;
  if (useStorage.getState().isVolatile !== isVolatile) useStorage.setState({ isVolatile });
}

function dropCopy(key: string) {
  inMemory.delete(key);
  unsaved.delete(key);
  noteVolatility();
}

export function getItem(key: string): string | null {
  return inMemory.get(key) ?? attempt((storage) => storage.getItem(key)) ?? null;
}

/** `isWriting`: its loss is worth a warning. */
export function setItem(key: string, value: string, isWriting = true): void {
  const isStored = attempt((storage) => {
    storage.setItem(key, value);
    return true;
  });
  if (isStored) return dropCopy(key);
  inMemory.set(key, value);
  if (isWriting) unsaved.add(key);
  noteVolatility();
}

export function removeItem(key: string): void {
  attempt((storage) => storage.removeItem(key));
  dropCopy(key);
}

/** The keys that begin with `prefix`. */
export function keysOf(prefix: string): string[] {
  const stored = attempt((storage) => Object.keys(storage)) ?? [];
  return [...new Set([...stored, ...inMemory.keys()])].filter((key) => key.startsWith(prefix));
}

/**
 * Calls for each item that another tab changed; with null when it may have been any: all were removed, or the
 * page was away in the browser's back/forward cache.
 */
export function onItemChange(changed: (key: string | null) => void): void {
  window.addEventListener('storage', ({ key, storageArea }) => {
    if (storageArea !== null && storageArea !== local()) return;
    if (key !== null) dropCopy(key);
    changed(key);
  });
  window.addEventListener('pageshow', (event) => event.persisted && changed(null));
}
