import { describe, expect, it, vi } from 'vitest';
import { ignoreComposingKeys, isLetterKey } from './keyboard';

describe('a letter shortcut', () => {
  it.each([
    ['QWERTY', 'k', 'KeyK', true],
    ['caps lock', 'K', 'KeyK', true],
    ['Cyrillic', 'л', 'KeyK', true],
    ['Greek', 'κ', 'KeyK', true],
    ['Hebrew', 'ל', 'KeyK', true],
    ['Arabic', 'ن', 'KeyK', true],
    ['Dvorak, where the letter is', 'k', 'KeyV', true],
    ['Dvorak, where QWERTY has it', 't', 'KeyK', false],
    ['another key', 'j', 'KeyJ', false],
  ])('%s', (_, key, code, isK) => {
    expect(isLetterKey({ key, code }, 'k')).toBe(isK);
  });
});

const press = (init: KeyboardEventInit) =>
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, ...init }));

it('keys of a composition reach no handler of the page', () => {
  ignoreComposingKeys();
  const handler = vi.fn<(event: KeyboardEvent) => void>();
  document.addEventListener('keydown', handler, true);
  press({ isComposing: true });
  press({ keyCode: 229 });
  expect(handler).not.toHaveBeenCalled();
  press({});
  expect(handler).toHaveBeenCalledOnce();
});
