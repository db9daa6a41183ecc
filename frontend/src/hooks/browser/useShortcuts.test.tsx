import { render } from '@testing-library/react';
import { beforeEach, expect, it, vi } from 'vitest';
import { useShortcuts } from './useShortcuts';

const acts = {
  onSwitch: vi.fn<() => void>(),
  onHelp: vi.fn<() => void>(),
  onStep: vi.fn<(by: number) => void>(),
  onLeave: vi.fn<() => void>(),
};

function Page({ isModal = false }) {
  useShortcuts(acts, isModal);
  return <textarea aria-label="field" />;
}

beforeEach(() => vi.clearAllMocks());

function press(target: Element, init: KeyboardEventInit) {
  target.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init }));
}

it('Escape in a field with text removes the focus; the next one closes the conversation', () => {
  const field = render(<Page />).container.querySelector('textarea')!;
  field.value = 'half';
  field.focus();
  press(field, { key: 'Escape' });
  expect(acts.onLeave).not.toHaveBeenCalled();
  expect(document.activeElement).toBe(document.body);
  press(document.body, { key: 'Escape' });
  expect(acts.onLeave).toHaveBeenCalledOnce();
});

it('Escape in an empty field closes the conversation', () => {
  const field = render(<Page />).getByRole('textbox');
  press(field, { key: 'Escape' });
  expect(acts.onLeave).toHaveBeenCalledOnce();
});

it('a question mark is text in a field and opens help elsewhere', () => {
  const field = render(<Page />).getByRole('textbox');
  press(field, { key: '?', shiftKey: true });
  expect(acts.onHelp).not.toHaveBeenCalled();
  press(document.body, { key: '?', shiftKey: true });
  press(field, { key: '/', ctrlKey: true });
  expect(acts.onHelp).toHaveBeenCalledTimes(2);
});

it('Alt and an arrow step, the arrow alone does not', () => {
  const field = render(<Page />).getByRole('textbox');
  press(field, { key: 'ArrowDown' });
  press(field, { key: 'ArrowDown', altKey: true });
  press(field, { key: 'ArrowUp', altKey: true });
  expect(acts.onStep.mock.calls).toEqual([[1], [-1]]);
});

it('AltGr is not Ctrl, and Ctrl+Shift+K is the browser’s', () => {
  render(<Page />);
  press(document.body, { key: 'k', code: 'KeyK', ctrlKey: true, altKey: true });
  press(document.body, { key: 'K', code: 'KeyK', ctrlKey: true, shiftKey: true });
  expect(acts.onSwitch).not.toHaveBeenCalled();
  press(document.body, { key: 'л', code: 'KeyK', ctrlKey: true });
  expect(acts.onSwitch).toHaveBeenCalledOnce();
});

it('shortcuts do nothing while a dialog is open', () => {
  render(<Page isModal />);
  press(document.body, { key: 'Escape' });
  press(document.body, { key: 'k', ctrlKey: true });
  expect(acts.onLeave).not.toHaveBeenCalled();
  expect(acts.onSwitch).not.toHaveBeenCalled();
});
