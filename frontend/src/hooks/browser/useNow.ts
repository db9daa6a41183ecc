import { useSyncExternalStore } from 'react';

const MINUTE_MS = 60_000;
/** A page that was asleep, frozen or out of sight may have missed its timer. */
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
 * What `select` makes of the current time, computed again at each full minute and when the page wakes. Renders
 * only when that changes, so it is to be a primitive: a label, not a Date.
 */
export function useNow<T extends string | number | boolean>(select: (now: Date) => T): T {
  return useSyncExternalStore(subscribe, () => select(new Date()));
}
