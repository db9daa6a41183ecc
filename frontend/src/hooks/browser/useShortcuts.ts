import { useEffect, useEffectEvent } from 'react';
import { isLetterKey, fieldState } from '../../lib/keyboard';

/** On a Mac, Ctrl and K deletes to the end of the line. */
export const isMac = /^Mac|^iP/.test(navigator.platform);

interface Shortcuts {
  /** Ctrl (on a Mac Cmd) and K. */
  onSwitch: () => void;
  /** `?` while nothing is written, or Ctrl (Cmd) and `/`. */
  onHelp: () => void;
  /** Alt and an arrow: the next (1) or the previous (-1) conversation. */
  onStep: (step: 1 | -1) => void;
  /** Escape; in a half-written text the first one takes the focus away. */
  onLeave: () => void;
}

/** Keys that act wherever the focus is. `isModal`: a dialog has the keys. */
export function useShortcuts(shortcuts: Shortcuts, isModal: boolean) {
  const handleKey = useEffectEvent((event: KeyboardEvent) => {
    if (isModal || event.defaultPrevented) return;
    const action = actionFor(event, shortcuts);
    if (!action) return;
    event.preventDefault();
    action();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => handleKey(event);
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);
}

function actionFor(event: KeyboardEvent, shortcuts: Shortcuts): (() => void) | undefined {
  const { key, altKey, shiftKey, ctrlKey, metaKey, target } = event;
  const { isField, hasText } = fieldState(target);
  const isCommand = (isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey) && !altKey;
  if (isCommand && !shiftKey && isLetterKey(event, 'k')) return shortcuts.onSwitch;
  if (isCommand && key === '/') return shortcuts.onHelp;
  if (ctrlKey || metaKey) return undefined;
  if (altKey) {
    // On a Mac these move by paragraph.
    const isText = isMac && hasText;
    if (key === 'ArrowDown' && !isText) return () => shortcuts.onStep(1);
    if (key === 'ArrowUp' && !isText) return () => shortcuts.onStep(-1);
    return undefined;
  }
  if (key === '?' && !isField) return shortcuts.onHelp;
  if (key !== 'Escape' || shiftKey) return undefined;
  return hasText ? () => (target as HTMLElement).blur() : shortcuts.onLeave;
}
