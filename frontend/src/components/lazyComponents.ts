/** Components loaded on first use, or preloaded when the page is idle. */
import { lazy } from 'react';
import { importWithRetry } from '../lib/importWithRetry';
import { loadEmojiButton } from './thread/lazyEmojiButton';

const loadThread = () => import('./thread/Thread');

/** Starts loading when this module is evaluated, while the conversation list renders. */
export const Thread = lazy(() => importWithRetry(loadThread));
loadThread().catch(() => {});

const loaders = {
  EmojiButton: loadEmojiButton,
  ShortcutsDialog: () => import('./layout/ShortcutsDialog'),
  ConversationSwitcher: () => import('./conversations/ConversationSwitcher'),
  UserMenu: () => import('./layout/UserMenu'),
};

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
