/**
 * Whether a list follows its end. That is an intention: rows that are added, grow or shrink never change it,
 * only the reader's own scrolling does.
 */

/**
 * `placing`: the list is being brought to the row that it opens at, and means nothing by its position yet.
 * `held`: the reader has begun to scroll up; the list moves nothing until it is known where they stop.
 */
export type Mode = 'placing' | 'following' | 'held' | 'away';

/** Of a scrolling element, in pixels: `scrollTop`, `scrollHeight`, `clientHeight`. */
export interface Geometry {
  top: number;
  height: number;
  viewport: number;
}

export interface Following {
  mode: Mode;
  /** The layout in which the end was last in view. */
  atEnd: Geometry;
}

/** So near the end, in pixels, counts as at the end. */
export const END_MARGIN = 48;

const endOf = ({ height, viewport }: Geometry) => height - viewport;

/** In pixels from the end. */
export const distance = (now: Geometry) => endOf(now) - now.top;

export function isSameLayout(a: Geometry, b: Geometry): boolean {
  return a.height === b.height && a.viewport === b.viewport;
}

/** The reader uses what scrolls up: wheel, finger, key or pointer. */
export function afterInput(state: Following): Following {
  return state.mode === 'following' ? { ...state, mode: 'held' } : state;
}

/**
 * The list has scrolled. Find in page, assistive technology and a dragged scrollbar come without an input event:
 * a list that moved up while its layout `isQuiet`, unchanged for a while, has been scrolled by its reader.
 */
export function afterScroll(state: Following, now: Geometry, isQuiet: boolean): Following {
  if (state.mode === 'placing') return state;
  if (distance(now) <= END_MARGIN) {
    return { mode: state.mode === 'held' ? 'held' : 'following', atEnd: now };
  }
  const isReaders = state.mode === 'held' || (isQuiet && isSameLayout(state.atEnd, now));
  const isAway = isReaders && endOf(state.atEnd) - now.top > END_MARGIN;
  return isAway ? { ...state, mode: 'away' } : state;
}

/** The reader has stopped, and is not away: what came meanwhile is followed. */
export function afterRest(state: Following): Following {
  return state.mode === 'held' ? { ...state, mode: 'following' } : state;
}

/** The list is where it was to be. */
export function afterPlacing(state: Following, now: Geometry): Following {
  return state.mode === 'placing' ? afterScroll({ ...state, mode: 'away' }, now, true) : state;
}
