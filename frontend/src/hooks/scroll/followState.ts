/**
 * Whether a list follows its bottom, as a pure state machine. Only the reader's own scrolling changes it;
 * rows that are added, grow or shrink do not.
 */

/**
 * `positioning`: the list is moving to its initial position. `following`: at the bottom. `paused`: the reader
 * is scrolling up, and following waits until they stop. `detached`: the reader is elsewhere.
 */
export type FollowMode = 'positioning' | 'following' | 'paused' | 'detached';

/** `scrollTop`, `scrollHeight` and `clientHeight` of a scroll container, in pixels. */
export interface ScrollMetrics {
  top: number;
  height: number;
  viewport: number;
}

export interface FollowState {
  mode: FollowMode;
  /** Metrics when the bottom was last in view. */
  atBottom: ScrollMetrics;
}

/** Distance that still counts as at the bottom. */
export const BOTTOM_MARGIN_PX = 48;

const bottomOf = ({ height, viewport }: ScrollMetrics) => height - viewport;

/** In pixels. */
export const distanceFromBottom = (metrics: ScrollMetrics) => bottomOf(metrics) - metrics.top;

export function isSameLayout(a: ScrollMetrics, b: ScrollMetrics): boolean {
  return a.height === b.height && a.viewport === b.viewport;
}

/** Input that may scroll up: wheel, touch, key or pointer. */
export function afterInput(state: FollowState): FollowState {
  return state.mode === 'following' ? { ...state, mode: 'paused' } : state;
}

/**
 * The list has scrolled. Find in page, assistive technology and a dragged scrollbar cause no input event, so
 * a move up in a stable layout counts as the reader's too.
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

/** The reader is idle: a paused list follows again. */
export function afterIdle(state: FollowState): FollowState {
  return state.mode === 'paused' ? { ...state, mode: 'following' } : state;
}

/** The reader has resized a row: the list follows if its bottom is still in view. */
export function afterResize(state: FollowState, metrics: ScrollMetrics): FollowState {
  return state.mode === 'positioning' ? state : afterScroll({ ...state, mode: 'detached' }, metrics, false);
}

/** The list has reached its initial position. */
export function afterPositioning(state: FollowState, metrics: ScrollMetrics): FollowState {
  return state.mode === 'positioning' ? afterScroll({ ...state, mode: 'detached' }, metrics, true) : state;
}
