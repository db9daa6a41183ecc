/** Which keys belong to the page, and which to an input method. */

type Key = Pick<KeyboardEvent, 'isComposing' | 'keyCode'>;

/** While an input method composes, keys are its own; some browsers say so by the key code 229 alone. */
export function isComposing({ isComposing: composes, keyCode }: Key): boolean {
  return composes || keyCode === 229;
}

/**
 * Keeps the keys of a composition from every handler of the page, its libraries' too. To be called before any
 * of them listens.
 */
export function ignoreComposingKeys(): void {
  for (const type of ['keydown', 'keypress', 'keyup'] as const)
    window.addEventListener(type, stopComposingKey, true);
}

function stopComposingKey(event: KeyboardEvent): void {
  if (isComposing(event)) event.stopImmediatePropagation();
}

/**
 * Whether a key is that of a Latin letter: by what it types where the layout is Latin (Dvorak), else by its place
 * (Cyrillic, Greek, Hebrew, Arabic).
 */
export function isLetterKey({ key, code }: Pick<KeyboardEvent, 'key' | 'code'>, letter: string): boolean {
  return /^[a-z]$/i.test(key) ? key.toLowerCase() === letter : code === `Key${letter.toUpperCase()}`;
}

/** Whether what has the focus takes text, and holds some. */
export function fieldState(target: EventTarget | null): { isField: boolean; hasText: boolean } {
  const isField = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  return { isField, hasText: isField && target.value !== '' };
}
