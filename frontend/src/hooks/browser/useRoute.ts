import { useSyncExternalStore } from 'react';

/**
 * The open conversation stands in the address: `#<id>`, or `#to/<user id>` by its other member, whether it
 * exists yet or not.
 */
export type Route = { id: string } | { to: string };

const TO = 'to/';

/** How many entries of the history lead back to the list; absent when it was not left within this page. */
interface Place {
  depth?: number;
}

const subscribers = new Set<() => void>();

function notify() {
  for (const changed of subscribers) changed();
}

function subscribe(changed: () => void) {
  subscribers.add(changed);
  window.addEventListener('popstate', changed);
  window.addEventListener('hashchange', changed);
  return () => {
    subscribers.delete(changed);
    window.removeEventListener('popstate', changed);
    window.removeEventListener('hashchange', changed);
  };
}

const fragment = () => window.location.hash.slice(1);

export function useRoute(): Route | undefined {
  return parse(useSyncExternalStore(subscribe, fragment));
}

export function parse(hash: string): Route | undefined {
  if (!hash) return undefined;
  return hash.startsWith(TO) ? { to: decoded(hash.slice(TO.length)) } : { id: hash };
}

/** The text itself where it is not encoded as it should be: a user id may well hold a `%`. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hrefOf(route: Route): string {
  return 'to' in route ? `#${TO}${encodeURIComponent(route.to)}` : `#${route.id}`;
}

/** Opens a conversation: a new entry of the browser's history. */
export function open(route: Route): void {
  const href = hrefOf(route);
  if (href === window.location.hash) return;
  const { depth } = (window.history.state ?? {}) as Place;
  const isList = !fragment();
  const place: Place = isList ? { depth: 1 } : depth === undefined ? {} : { depth: depth + 1 };
  window.history.pushState(place, '', href);
  notify();
}

/** Back to the list, by the history where that leads there: then the browser's back button does not return. */
export function leave(): void {
  if (!fragment()) return;
  const { depth } = (window.history.state ?? {}) as Place;
  if (depth !== undefined) {
    window.history.go(-depth);
    return;
  }
  window.history.replaceState(null, '', window.location.pathname + window.location.search);
  notify();
}
