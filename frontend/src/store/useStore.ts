import { create } from 'zustand';
import type { User } from '../types/chat';
import { getItem, onItemChange, setItem } from './storage';

export type Theme = 'system' | 'light' | 'dark';

interface Store {
  user: User | null;
  theme: Theme;
  /** The conversation whose end is before somebody's eyes: it shows nothing unread. */
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

/** Who one is stands in the address, `?user=ann`: each tab can be somebody else, and stays so. */
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

/** Back and forward lead over a switch of users too. */
window.addEventListener('popstate', () => {
  const user = userFromAddress();
  if (user?.id !== useStore.getState().user?.id) useStore.setState({ user });
});
