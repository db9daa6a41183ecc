import { isTouchDevice } from '../../lib/isTouchDevice';

/** Where one goes on when what had the focus is gone. On glass that would bring up the keyboard. */
export function focusComposer(): void {
  const selector = isTouchDevice() ? '[role=log][tabindex], [role=log] [tabindex]' : 'form textarea';
  document.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });
}
