import { useSyncExternalStore } from 'react';

const MINUTE_MS = 60_000;
/** Events after which a suspended page may have missed its timer. */
const WAKE_EVENTS = ['focus', 'pageshow', 'online'] as const;

const subscribers = new Set<() => void>();
let timer: number | undefined;

function tick() {
  window.clearTimeout(timer);
  timer = window.setTimeout(tick, MINUTE_MS - (Date.now() % MINUTE_MS));
  for (const onChange of subscribers) onChange();
}

function subscribe(onChange: () => void) {
  subscribers.add(onChange);
  if (subscribers.size === 1) {
    tick();
    for (const event of WAKE_EVENTS) window.addEventListener(event, tick);
    document.addEventListener('visibilitychange', tick);
  }
  return () => {
    subscribers.delete(onChange);
    if (subscribers.size > 0) return;
    window.clearTimeout(timer);
    for (const event of WAKE_EVENTS) window.removeEventListener(event, tick);
    document.removeEventListener('visibilitychange', tick);
  };
}

/**
 * Returns `select` of the current time, recomputed at each full minute and when the page wakes. Renders only
 * when the result changes, so it must be a primitive.
 */
export function useNow<T extends string | number | boolean>(select: (now: Date) => T): T {
  return useSyncExternalStore(subscribe, () => select(new Date()));
}
