import { useSyncExternalStore } from 'react';

/**
 * The open conversation stands in the address: `#<id>`, or `#to/<user id>` by its other member, whether it
 * exists yet or not.
 */
export type Route = { id: string } | { to: string };

const USER_PREFIX = 'to/';

/** How many entries of the history lead back to the list; absent when it was not left within this page. */
interface HistoryState {
  depth?: number;
}

const subscribers = new Set<() => void>();

function notifySubscribers() {
  for (const onChange of subscribers) onChange();
}

function subscribe(onChange: () => void) {
  subscribers.add(onChange);
  window.addEventListener('popstate', onChange);
  window.addEventListener('hashchange', onChange);
  return () => {
    subscribers.delete(onChange);
    window.removeEventListener('popstate', onChange);
    window.removeEventListener('hashchange', onChange);
  };
}

const fragment = () => window.location.hash.slice(1);

export function useRoute(): Route | undefined {
  return parseRoute(useSyncExternalStore(subscribe, fragment));
}

export function parseRoute(hash: string): Route | undefined {
  if (!hash) return undefined;
  return hash.startsWith(USER_PREFIX) ? { to: decodeOrKeep(hash.slice(USER_PREFIX.length)) } : { id: hash };
}

/** The text itself where it is not encoded as it should be: a user id may well hold a `%`. */
function decodeOrKeep(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hrefOf(route: Route): string {
  return 'to' in route ? `#${USER_PREFIX}${encodeURIComponent(route.to)}` : `#${route.id}`;
}

/** Opens a conversation: a new entry of the browser's history. */
export function openConversation(route: Route): void {
  const href = hrefOf(route);
  if (href === window.location.hash) return;
  const { depth } = (window.history.state ?? {}) as HistoryState;
  const isList = !fragment();
  const state: HistoryState = isList ? { depth: 1 } : depth === undefined ? {} : { depth: depth + 1 };
  window.history.pushState(state, '', href);
  notifySubscribers();
}

/** Back to the list, by the history where that leads there: then the browser's back button does not return. */
export function closeConversation(): void {
  if (!fragment()) return;
  const { depth } = (window.history.state ?? {}) as HistoryState;
  if (depth !== undefined) {
    window.history.go(-depth);
    return;
  }
  window.history.replaceState(null, '', window.location.pathname + window.location.search);
  notifySubscribers();
}
