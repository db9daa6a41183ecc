/** Parts of the page that are loaded when they are wanted, or when there is nothing else to do. */
import { lazy } from 'react';

const TRIES = 30;
const PAUSE = 2_000;

/** The network may be away: it is tried for a minute. Then it is gone, as after a new version was put there. */
async function patiently<T>(load: () => Promise<T>, tries = TRIES): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (tries === 1) throw error;
    await new Promise((resolve) => window.setTimeout(resolve, PAUSE));
    return patiently(load, tries - 1);
  }
}

const parts = {
  EmojiButton: () => import('./thread/EmojiButton'),
  ShortcutsSheet: () => import('./layout/ShortcutsSheet'),
  Switcher: () => import('./conversations/Switcher'),
  UserMenu: () => import('./layout/UserMenu'),
};

export const EmojiButton = lazy(() => patiently(parts.EmojiButton));
export const ShortcutsSheet = lazy(() => patiently(parts.ShortcutsSheet));
export const Switcher = lazy(() => patiently(parts.Switcher));
export const UserMenu = lazy(() => patiently(parts.UserMenu));

/** What is there already is there when the network is not. */
export function loadWhenIdle(): () => void {
  const timer = window.setTimeout(() => {
    for (const load of Object.values(parts)) load().catch(() => {});
  }, 1_000);
  return () => window.clearTimeout(timer);
}
