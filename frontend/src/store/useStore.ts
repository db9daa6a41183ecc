import { create } from 'zustand';
import type { User } from '../types/chat';
import { getItem, onItemChange, setItem } from './storage';

export type Theme = 'system' | 'light' | 'dark';

interface Store {
  /** Signed in in this tab. */
  user: User | null;
  theme: Theme;
  /** The conversation being read at its end; it shows no unread count. */
  readingId: string | null;
  setTheme: (theme: Theme) => void;
  setReading: (conversationId: string | null) => void;
}

const THEME_KEY = 'parley/theme';

function storedTheme(): Theme {
  const stored = getItem(THEME_KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export const useStore = create<Store>((set) => ({
  user: null,
  theme: storedTheme(),
  readingId: null,
  setTheme: (theme) => {
    setItem(THEME_KEY, theme, false);
    set({ theme });
  },
  setReading: (readingId) => set({ readingId }),
}));

onItemChange((key) => {
  if (key === THEME_KEY || key === null) useStore.setState({ theme: storedTheme() });
});
