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
function browserStorage(): Storage | undefined {
  try {
    return window.localStorage ?? undefined;
  } catch {
    return undefined;
  }
}

function tryStorage<T>(action: (storage: Storage) => T): T | undefined {
  try {
    const storage = browserStorage();
    return storage && action(storage);
  } catch {
    return undefined;
  }
}

function updateVolatility() {
  const isVolatile = unsaved.size > 0;
  if (useStorage.getState().isVolatile !== isVolatile) useStorage.setState({ isVolatile });
}

function removeFromMemory(key: string) {
  inMemory.delete(key);
  unsaved.delete(key);
  updateVolatility();
}

export function getItem(key: string): string | null {
  return inMemory.get(key) ?? tryStorage((storage) => storage.getItem(key)) ?? null;
}

/** `isWriting`: its loss is worth a warning. */
export function setItem(key: string, value: string, isUserContent = true): void {
  const isStored = tryStorage((storage) => {
    storage.setItem(key, value);
    return true;
  });
  if (isStored) return removeFromMemory(key);
  inMemory.set(key, value);
  if (isUserContent) unsaved.add(key);
  updateVolatility();
}

export function removeItem(key: string): void {
  tryStorage((storage) => storage.removeItem(key));
  removeFromMemory(key);
}

/** The keys that begin with `prefix`. */
export function keysWithPrefix(prefix: string): string[] {
  const stored = tryStorage((storage) => Object.keys(storage)) ?? [];
  return [...new Set([...stored, ...inMemory.keys()])].filter((key) => key.startsWith(prefix));
}

/**
 * Calls for each item that another tab changed; with null when it may have been any: all were removed, or the
 * page was away in the browser's back/forward cache.
 */
export function onItemChange(onChange: (key: string | null) => void): void {
  window.addEventListener('storage', ({ key, storageArea }) => {
    if (storageArea !== null && storageArea !== browserStorage()) return;
    if (key !== null) removeFromMemory(key);
    onChange(key);
  });
  window.addEventListener('pageshow', (event) => event.persisted && onChange(null));
}
