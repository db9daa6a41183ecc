import { create } from 'zustand';
import { getItem, setItem } from './storage';

const STORAGE_KEY = 'parley/sent';

/** Number of messages sent from this browser. */
export const useSentCount = create<{ count: number }>(() => ({ count: Number(getItem(STORAGE_KEY)) || 0 }));

export function incrementSentCount(): void {
  useSentCount.setState(({ count }) => ({ count: count + 1 }));
  setItem(STORAGE_KEY, `${useSentCount.getState().count}`, false);
}
