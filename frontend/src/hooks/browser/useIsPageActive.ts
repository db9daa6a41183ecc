import { useSyncExternalStore } from 'react';

const EVENTS = ['focus', 'blur'] as const;

function subscribe(onChange: () => void) {
  document.addEventListener('visibilitychange', onChange);
  for (const event of EVENTS) window.addEventListener(event, onChange);
  return () => {
    document.removeEventListener('visibilitychange', onChange);
    for (const event of EVENTS) window.removeEventListener(event, onChange);
  };
}

/** Whether the tab is visible and its window has the focus. */
export function useIsPageActive(): boolean {
  return useSyncExternalStore(subscribe, () => document.visibilityState === 'visible' && document.hasFocus());
}
