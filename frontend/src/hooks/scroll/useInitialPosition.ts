import { useEffect, useEffectEvent, type RefObject } from 'react';
import type { InitialPosition } from '../../domain/rows';

/** Shows the list as it is when it has not reached its position by then. */
const POSITION_TIMEOUT_MS = 3_000;

function isVisible(row: Element | null | undefined): row is Element {
  return row?.checkVisibility({ visibilityProperty: true }) ?? false;
}

function isAtBottom(scroller: HTMLElement): boolean {
  return scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop <= 2;
}

/** Whether the target row is drawn and at its offset, or as near to it as the ends of the list allow. */
function isPositioned(scroller: HTMLElement, position: InitialPosition, isEmpty: boolean): boolean {
  if (isEmpty) return true;
  const rows = scroller.querySelectorAll('[data-row]');
  if (!position) return isVisible(rows[rows.length - 1]) && isAtBottom(scroller);
  const row = scroller.querySelector(`[data-seq="${position.seq}"]`);
  if (!isVisible(row)) return false;
  const top = row.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  if (isAtBottom(scroller) && top > position.offset) return true;
  if (scroller.scrollTop === 0 && top < position.offset) return true;
  return Math.abs(top - position.offset) <= 2;
}

/**
 * Calls `onPositioned` once the list shows its initial position; before, its rows are still being measured.
 */
export function useInitialPosition(
  scroller: RefObject<HTMLElement | null>,
  position: InitialPosition,
  isEmpty: boolean,
  onPositioned: () => void,
) {
  const isReached = useEffectEvent(() => isPositioned(scroller.current!, position, isEmpty));
  const reportPositioned = useEffectEvent(onPositioned);
  useEffect(() => {
    const startedAt = performance.now();
    let frame = requestAnimationFrame(function check(now) {
      if (isReached() || now - startedAt > POSITION_TIMEOUT_MS) reportPositioned();
      else frame = requestAnimationFrame(check);
    });
    // A reader who scrolls meanwhile has chosen another position.
    const element = scroller.current;
    const listeners = new AbortController();
    for (const event of ['wheel', 'touchmove', 'keydown'])
      element?.addEventListener(event, () => reportPositioned(), {
        once: true,
        passive: true,
        signal: listeners.signal,
      });
    return () => {
      cancelAnimationFrame(frame);
      listeners.abort();
    };
  }, [scroller]);
}
