import { create } from 'zustand';
import { getItem, setItem } from './storage';

const KEY = 'parley/sent';

/** How many messages were sent from this browser. */
export const useSentCount = create<{ count: number }>(() => ({ count: Number(getItem(KEY)) || 0 }));

export function countSent(): void {
  useSentCount.setState(({ count }) => ({ count: count + 1 }));
  setItem(KEY, `${useSentCount.getState().count}`, false);
}
