import { useEffect, useEffectEvent } from 'react';
import { isLetterKey, fieldState } from '../../lib/keyboard';

/** On a Mac the command key is Cmd: Ctrl+K deletes to the end of the line there. */
export const isMac = /^Mac|^iP/.test(navigator.platform);

interface Shortcuts {
  /** Ctrl+K (Cmd+K). */
  onSwitch: () => void;
  /** `?` outside text fields, or Ctrl+/ (Cmd+/). */
  onHelp: () => void;
  /** Alt+Down (1) and Alt+Up (-1): the next and the previous conversation. */
  onStep: (step: 1 | -1) => void;
  /** Escape. In a field with text the first one only removes the focus. */
  onLeave: () => void;
}

/** Handles global keyboard shortcuts, except while a modal dialog is open. */
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
    // On a Mac these keys move the caret by paragraph.
    const isText = isMac && hasText;
    if (key === 'ArrowDown' && !isText) return () => shortcuts.onStep(1);
    if (key === 'ArrowUp' && !isText) return () => shortcuts.onStep(-1);
    return undefined;
  }
  if (key === '?' && !isField) return shortcuts.onHelp;
  if (key !== 'Escape' || shiftKey) return undefined;
  return hasText ? () => (target as HTMLElement).blur() : shortcuts.onLeave;
}
