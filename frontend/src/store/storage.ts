/** localStorage that never throws. Items that cannot be stored (full, denied, absent) are kept in memory. */
import { create } from 'zustand';

/** Items kept in memory only. */
const inMemory = new Map<string, string>();
/**
 * Keys of in-memory items that the user wrote. While there are any, `isVolatile` is true: a reload loses
 * them.
 */
const unsaved = new Set<string>();

export const useStorage = create<{ isVolatile: boolean }>(() => ({ isVolatile: false }));

/** Undefined if there is none. Merely reading the property may throw. */
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

/** `isUserContent`: warn the user while the item is kept in memory only. */
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

/** Keys of all items, stored or in memory, that begin with `prefix`. */
export function keysWithPrefix(prefix: string): string[] {
  const stored = tryStorage((storage) => Object.keys(storage)) ?? [];
  return [...new Set([...stored, ...inMemory.keys()])].filter((key) => key.startsWith(prefix));
}

/**
 * Calls `onChange` with the key of each item changed by another tab; with null if any may have changed:
 * storage was cleared, or the page returned from the back/forward cache.
 */
export function onItemChange(onChange: (key: string | null) => void): void {
  window.addEventListener('storage', ({ key, storageArea }) => {
    if (storageArea !== null && storageArea !== browserStorage()) return;
    if (key !== null) removeFromMemory(key);
    onChange(key);
  });
  window.addEventListener('pageshow', (event) => event.persisted && onChange(null));
}
