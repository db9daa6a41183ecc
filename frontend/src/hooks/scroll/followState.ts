/**
 * Whether a list follows its end. That is an intention: rows that are added, grow or shrink never change it,
 * only the reader's own scrolling does.
 */

/**
 * `placing`: the list is being brought to the row that it opens at, and means nothing by its position yet.
 * `held`: the reader has begun to scroll up; the list moves nothing until it is known where they stop.
 */
export type FollowMode = 'positioning' | 'following' | 'paused' | 'detached';

/** Of a scrolling element, in pixels: `scrollTop`, `scrollHeight`, `clientHeight`. */
export interface ScrollMetrics {
  top: number;
  height: number;
  viewport: number;
}

export interface FollowState {
  mode: FollowMode;
  /** The layout in which the end was last in view. */
  atBottom: ScrollMetrics;
}

/** So near the end, in pixels, counts as at the end. */
export const BOTTOM_MARGIN_PX = 48;

const bottomOf = ({ height, viewport }: ScrollMetrics) => height - viewport;

/** In pixels from the end. */
export const distanceFromBottom = (metrics: ScrollMetrics) => bottomOf(metrics) - metrics.top;

export function isSameLayout(a: ScrollMetrics, b: ScrollMetrics): boolean {
  return a.height === b.height && a.viewport === b.viewport;
}

/** The reader uses what scrolls up: wheel, finger, key or pointer. */
export function afterInput(state: FollowState): FollowState {
  return state.mode === 'following' ? { ...state, mode: 'paused' } : state;
}

/**
 * The list has scrolled. Find in page, assistive technology and a dragged scrollbar come without an input event:
 * a list that moved up while its layout `isQuiet`, unchanged for a while, has been scrolled by its reader.
 */
export function afterScroll(
  state: FollowState,
  metrics: ScrollMetrics,
  isLayoutStable: boolean,
): FollowState {
  if (state.mode === 'positioning') return state;
  if (distanceFromBottom(metrics) <= BOTTOM_MARGIN_PX) {
    return { mode: state.mode === 'paused' ? 'paused' : 'following', atBottom: metrics };
  }
  const isByReader = state.mode === 'paused' || (isLayoutStable && isSameLayout(state.atBottom, metrics));
  const hasLeft = isByReader && bottomOf(state.atBottom) - metrics.top > BOTTOM_MARGIN_PX;
  return hasLeft ? { ...state, mode: 'detached' } : state;
}

/** The reader has stopped, and is not away: what came meanwhile is followed. */
export function afterIdle(state: FollowState): FollowState {
  return state.mode === 'paused' ? { ...state, mode: 'following' } : state;
}

/** The list is where it was to be. */
export function afterPositioning(state: FollowState, metrics: ScrollMetrics): FollowState {
  return state.mode === 'positioning' ? afterScroll({ ...state, mode: 'detached' }, metrics, true) : state;
}
