import { isTouch } from '../../lib/isTouch';

/** Where one goes on when what had the focus is gone. On glass that would bring up the keyboard. */
export function toComposer(): void {
  const where = isTouch() ? '[role=log][tabindex], [role=log] [tabindex]' : 'form textarea';
  document.querySelector<HTMLElement>(where)?.focus({ preventScroll: true });
}
