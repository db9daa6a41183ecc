/** Keyboard events: input methods, layouts and text fields. */

type Key = Pick<KeyboardEvent, 'isComposing' | 'keyCode'>;

/** Whether an input method is composing. Some browsers signal it by key code 229 only. */
export function isComposing({ isComposing: composes, keyCode }: Key): boolean {
  return composes || keyCode === 229;
}

/**
 * Hides composition keys from all handlers of the page and its libraries. Call before any handler is added.
 */
export function ignoreComposingKeys(): void {
  for (const type of ['keydown', 'keypress', 'keyup'] as const)
    window.addEventListener(type, stopComposingKey, true);
}

function stopComposingKey(event: KeyboardEvent): void {
  if (isComposing(event)) event.stopImmediatePropagation();
}

/**
 * Whether a key is a Latin letter: by its character on Latin layouts (Dvorak), else by its position
 * (Cyrillic, Greek, Hebrew, Arabic).
 */
export function isLetterKey({ key, code }: Pick<KeyboardEvent, 'key' | 'code'>, letter: string): boolean {
  return /^[a-z]$/i.test(key) ? key.toLowerCase() === letter : code === `Key${letter.toUpperCase()}`;
}

/** Whether the event target is a text field, and whether it has text. */
export function fieldState(target: EventTarget | null): { isField: boolean; hasText: boolean } {
  const isField = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  return { isField, hasText: isField && target.value !== '' };
}
