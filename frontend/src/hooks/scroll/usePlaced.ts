import { useEffect, useEffectEvent, type RefObject } from 'react';
import type { Start } from '../../domain/rows';

/** In milliseconds: a list that is not in place by then is shown as it is. */
const PATIENCE = 3_000;

function isVisible(row: Element | null | undefined): row is Element {
  return row?.checkVisibility({ visibilityProperty: true }) ?? false;
}

function isAtEnd(scroller: HTMLElement): boolean {
  return scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop <= 2;
}

/** Whether the row is drawn, measured, and where it was to be, or as near as the end of the list lets it. */
function isInPlace(scroller: HTMLElement, start: Start, isEmpty: boolean): boolean {
  if (isEmpty) return true;
  const rows = scroller.querySelectorAll('[data-row]');
  if (!start) return isVisible(rows[rows.length - 1]) && isAtEnd(scroller);
  const row = scroller.querySelector(`[data-seq="${start.seq}"]`);
  if (!isVisible(row)) return false;
  const top = row.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  if (isAtEnd(scroller) && top > start.offset) return true;
  if (scroller.scrollTop === 0 && top < start.offset) return true;
  return Math.abs(top - start.offset) <= 2;
}

/** Calls once the list shows where it opens: until then its rows are being measured, and there is nothing to see. */
export function usePlaced(
  scroller: RefObject<HTMLElement | null>,
  start: Start,
  isEmpty: boolean,
  onPlaced: () => void,
) {
  const isThere = useEffectEvent(() => isInPlace(scroller.current!, start, isEmpty));
  const place = useEffectEvent(onPlaced);
  useEffect(() => {
    const began = performance.now();
    let frame = requestAnimationFrame(function look(now) {
      if (isThere() || now - began > PATIENCE) place();
      else frame = requestAnimationFrame(look);
    });
    // A reader who scrolls before is elsewhere already: the start is not waited for.
    const list = scroller.current;
    const reading = new AbortController();
    for (const event of ['wheel', 'touchmove', 'keydown'])
      list?.addEventListener(event, () => place(), { once: true, passive: true, signal: reading.signal });
    return () => {
      cancelAnimationFrame(frame);
      reading.abort();
    };
  }, [scroller]);
}
