/** Components loaded on first use, or preloaded when the page is idle. */
import { lazy } from 'react';

const MAX_ATTEMPTS = 30;
const RETRY_INTERVAL_MS = 2_000;

/** Retries for a minute while the network is away. After that the file is gone, as after a new release. */
export async function importWithRetry<T>(load: () => Promise<T>, attempts = MAX_ATTEMPTS): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (attempts === 1) throw error;
    await new Promise((resolve) => window.setTimeout(resolve, RETRY_INTERVAL_MS));
    return importWithRetry(load, attempts - 1);
  }
}

const loadThread = () => import('./thread/Thread');

/** Starts loading when this module is evaluated, while the conversation list renders. */
export const Thread = lazy(() => importWithRetry(loadThread));
loadThread().catch(() => {});

const loaders = {
  EmojiButton: () => import('./thread/EmojiButton'),
  ShortcutsDialog: () => import('./layout/ShortcutsDialog'),
  ConversationSwitcher: () => import('./conversations/ConversationSwitcher'),
  UserMenu: () => import('./layout/UserMenu'),
};

export const EmojiButton = lazy(() => importWithRetry(loaders.EmojiButton));
export const ShortcutsDialog = lazy(() => importWithRetry(loaders.ShortcutsDialog));
export const ConversationSwitcher = lazy(() => importWithRetry(loaders.ConversationSwitcher));
export const UserMenu = lazy(() => importWithRetry(loaders.UserMenu));

/** Preloads all components, so that they are available offline. Returns the cleanup. */
export function preloadWhenIdle(): () => void {
  const timer = window.setTimeout(() => {
    for (const load of Object.values(loaders)) load().catch(() => {});
  }, 1_000);
  return () => window.clearTimeout(timer);
}
