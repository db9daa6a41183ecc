import { useEffect, useState, type RefObject } from 'react';
import type { RowPosition } from '../../domain/rows';

/** The newest message counts as in view when it reaches below the edge by at most this. */
const BOTTOM_MARGIN_PX = 36;

/** Seqs of the messages in view. */
export interface VisibleRange {
  /** The topmost message at least partly in view. */
  first: number | undefined;
  /** The last message whose bottom edge is in or above the view. */
  last: number | undefined;
}

const EMPTY_RANGE: VisibleRange = { first: undefined, last: undefined };

/** Skips overscan rows beyond the edges and rows that are hidden because they are not measured yet. */
function measureVisibleRange(scroller: HTMLElement, newestSeq: number): VisibleRange {
  const viewport = scroller.getBoundingClientRect();
  let { first, last } = EMPTY_RANGE;
  for (const row of scroller.querySelectorAll<HTMLElement>('[data-seq]')) {
    if (!row.checkVisibility({ visibilityProperty: true })) continue;
    const seq = Number(row.dataset['seq']);
    const { bottom } = row.getBoundingClientRect();
    if (first === undefined && bottom > viewport.top + 8) first = seq;
    if (bottom <= viewport.bottom + (seq === newestSeq ? BOTTOM_MARGIN_PX : 1)) last = seq;
  }
  return { first, last };
}

/** The topmost message at least partly in view, with its row's offset. */
export function topVisibleRow(scroller: HTMLElement): RowPosition | undefined {
  const { first } = measureVisibleRange(scroller, Infinity);
  const row = scroller.querySelector(`[data-seq="${first}"]`);
  if (first === undefined || !row) return undefined;
  return { seq: first, offset: row.getBoundingClientRect().top - scroller.getBoundingClientRect().top };
}

/**
 * Tracks which messages are in view, at most once an animation frame. Empty until the list `isPositioned`.
 */
export function useVisibleRange(
  scroller: RefObject<HTMLElement | null>,
  newestSeq: number,
  isPositioned: boolean,
): VisibleRange {
  const [range, setRange] = useState(EMPTY_RANGE);
  useEffect(() => {
    const element = scroller.current;
    if (!element || !isPositioned) return undefined;
    let frame = 0;
    const measureNextFrame = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        const next = measureVisibleRange(element, newestSeq);
        setRange((previous) =>
          previous.first === next.first && previous.last === next.last ? previous : next,
        );
      });
    };
    const resizeObserver = new ResizeObserver(measureNextFrame);
    resizeObserver.observe(element);
    resizeObserver.observe(element.firstElementChild!);
    element.addEventListener('scroll', measureNextFrame, { passive: true });
    measureNextFrame();
    return () => {
      cancelAnimationFrame(frame);
      resizeObserver.disconnect();
      element.removeEventListener('scroll', measureNextFrame);
    };
  }, [scroller, newestSeq, isPositioned]);
  return isPositioned ? range : EMPTY_RANGE;
}
