import { useEffect, useState, type RefObject } from 'react';
import type { Place } from '../../domain/rows';

/** In pixels: by so much the newest message may reach below the edge and still be in view. */
const MARGIN = 36;

/** By seq; undefined where there is none. */
export interface View {
  /** The topmost message that is in view, if only in part. */
  first: number | undefined;
  /** The last message whose end is in view or above it. */
  last: number | undefined;
}

const NOTHING: View = { first: undefined, last: undefined };

/** Rows are drawn beyond both edges, so that scrolling is smooth; hidden ones are still to be measured. */
function look(scroller: HTMLElement, newest: number): View {
  const edges = scroller.getBoundingClientRect();
  let { first, last } = NOTHING;
  for (const row of scroller.querySelectorAll<HTMLElement>('[data-seq]')) {
    if (!row.checkVisibility({ visibilityProperty: true })) continue;
    const seq = Number(row.dataset['seq']);
    const { bottom } = row.getBoundingClientRect();
    if (first === undefined && bottom > edges.top + 8) first = seq;
    if (bottom <= edges.bottom + (seq === newest ? MARGIN : 1)) last = seq;
  }
  return { first, last };
}

/** The topmost message that is in view, if only in part, and where its row is. */
export function topmost(scroller: HTMLElement): Place | undefined {
  const { first } = look(scroller, Infinity);
  const row = scroller.querySelector(`[data-seq="${first}"]`);
  if (first === undefined || !row) return undefined;
  return { seq: first, offset: row.getBoundingClientRect().top - scroller.getBoundingClientRect().top };
}

/** Which messages are in view, looked up at most once a frame. Nothing is until the list `isPlaced`. */
export function useView(scroller: RefObject<HTMLElement | null>, newest: number, isPlaced: boolean): View {
  const [view, setView] = useState(NOTHING);
  useEffect(() => {
    const element = scroller.current;
    if (!element || !isPlaced) return undefined;
    let frame = 0;
    const lookLater = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        const next = look(element, newest);
        setView((held) => (held.first === next.first && held.last === next.last ? held : next));
      });
    };
    const layout = new ResizeObserver(lookLater);
    layout.observe(element);
    layout.observe(element.firstElementChild!);
    element.addEventListener('scroll', lookLater, { passive: true });
    lookLater();
    return () => {
      cancelAnimationFrame(frame);
      layout.disconnect();
      element.removeEventListener('scroll', lookLater);
    };
  }, [scroller, newest, isPlaced]);
  return isPlaced ? view : NOTHING;
}
