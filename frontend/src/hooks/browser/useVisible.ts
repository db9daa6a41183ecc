import { useSyncExternalStore } from 'react';

const EVENTS = ['focus', 'blur'] as const;

function subscribe(changed: () => void) {
  document.addEventListener('visibilitychange', changed);
  for (const event of EVENTS) window.addEventListener(event, changed);
  return () => {
    document.removeEventListener('visibilitychange', changed);
    for (const event of EVENTS) window.removeEventListener(event, changed);
  };
}

/** Whether somebody looks: the tab can be seen, and its window is the one that is used. */
export function useVisible(): boolean {
  return useSyncExternalStore(subscribe, () => document.visibilityState === 'visible' && document.hasFocus());
}
