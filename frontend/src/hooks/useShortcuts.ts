import { useEffect } from 'react';
import { open } from './useRoute';

/** On a Mac, Ctrl and K deletes to the end of the line. */
export const isMac = /^Mac|^iP/.test(navigator.platform);

/** Ctrl (on a Mac Cmd) and K starts a conversation; Escape leaves the open one, back to where it is in the list. */
export function useShortcuts(start: () => void, openId: string | undefined) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === 'k' && (isMac ? event.metaKey : event.ctrlKey)) {
        event.preventDefault();
        start();
      }
      const isTaken = event.defaultPrevented || document.querySelector('dialog[open], [role=menu]');
      if (event.key === 'Escape' && !isTaken && openId) leave(openId);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [start, openId]);
}

export function leave(openId: string): void {
  open(undefined);
  requestAnimationFrame(() =>
    document.querySelector<HTMLElement>(`a[href="#${CSS.escape(openId)}"]`)?.focus(),
  );
}
