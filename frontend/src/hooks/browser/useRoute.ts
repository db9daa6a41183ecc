import { useSyncExternalStore } from 'react';

/**
 * The open conversation, kept in the address: `#<id>`, or `#to/<user id>` for a direct conversation, which
 * need not exist yet.
 */
export type Route = { id: string } | { to: string };

const USER_PREFIX = 'to/';

/** `depth`: number of history entries back to the list; absent if the page was opened at a conversation. */
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

/** Returns malformed text unchanged: a user id may contain a `%`. */
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

/** Opens a conversation with a new history entry. */
export function openConversation(route: Route): void {
  const href = hrefOf(route);
  if (href === window.location.hash) return;
  const { depth } = (window.history.state ?? {}) as HistoryState;
  const isList = !fragment();
  const state: HistoryState = isList ? { depth: 1 } : depth === undefined ? {} : { depth: depth + 1 };
  window.history.pushState(state, '', href);
  notifySubscribers();
}

/**
 * Returns to the list by going back in the history if possible, so that the back button does not reopen the
 * conversation.
 */
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
