import { useSyncExternalStore } from 'react';

function subscribe(changed: () => void) {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}

/** The open conversation stands in the address, `#<id>`, so that the browser's back button leads to the list. */
export function useOpenConversation(): string | undefined {
  return useSyncExternalStore(subscribe, () => window.location.hash.slice(1) || undefined);
}

export function open(conversationId: string | undefined): void {
  window.location.hash = conversationId ?? '';
}
