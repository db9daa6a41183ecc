import { isTouchDevice } from '../../lib/isTouchDevice';

/** Moves the focus to the composer; on touch devices to the message list, so that no keyboard opens. */
export function focusComposer(): void {
  const selector = isTouchDevice() ? '[role=log][tabindex], [role=log] [tabindex]' : 'form textarea';
  document.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });
}
