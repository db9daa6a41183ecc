import { create } from 'zustand';
import type { User } from '../types/chat';
import { getItem, onItemChange, setItem } from './storage';

export type Theme = 'system' | 'light' | 'dark';

interface Store {
  user: User | null;
  theme: Theme;
  /** The conversation being read at its end; it shows no unread count. */
  readingId: string | null;
  setUser: (user: User | null) => void;
  setTheme: (theme: Theme) => void;
  setReading: (conversationId: string | null) => void;
}

const THEME_KEY = 'parley/theme';

function storedTheme(): Theme {
  const stored = getItem(THEME_KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

/** The user is kept in the address, `?user=ann`, so that each tab can have its own and keep it on reload. */
function userFromAddress(): User | null {
  const id = new URLSearchParams(window.location.search).get('user');
  return id ? { id } : null;
}

function writeUserToAddress(user: User | null) {
  const search = user ? `?${new URLSearchParams({ user: user.id })}` : '';
  window.history.replaceState(null, '', window.location.pathname + search);
}

export const useStore = create<Store>((set) => ({
  user: userFromAddress(),
  theme: storedTheme(),
  readingId: null,
  setUser: (user) => {
    writeUserToAddress(user);
    set({ user });
  },
  setTheme: (theme) => {
    setItem(THEME_KEY, theme, false);
    set({ theme });
  },
  setReading: (readingId) => set({ readingId }),
}));

onItemChange((key) => {
  if (key === THEME_KEY || key === null) useStore.setState({ theme: storedTheme() });
});

// Browser history can cross a switch of users.
window.addEventListener('popstate', () => {
  const user = userFromAddress();
  if (user?.id !== useStore.getState().user?.id) useStore.setState({ user });
});
