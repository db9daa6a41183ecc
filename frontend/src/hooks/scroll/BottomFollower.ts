import {
  afterInput,
  afterPositioning,
  afterIdle,
  afterResize,
  afterScroll,
  distanceFromBottom,
  BOTTOM_MARGIN_PX,
  isSameLayout,
  type FollowState,
  type ScrollMetrics,
} from './followState';

/** Time without input or scrolling after which the reader counts as idle. */
const IDLE_MS = 300;

/** Time since the last layout change after which a scroll counts as the reader's. */
const STABLE_LAYOUT_MS = 250;

const NO_METRICS: ScrollMetrics = { top: 0, height: 0, viewport: 0 };
const POINTER_EVENTS = ['touchstart', 'touchmove', 'pointerdown'] as const;
const SCROLL_KEYS = new Set(['ArrowUp', 'PageUp', 'Home', ' ']);

const measure = ({
  scrollTop: top,
  scrollHeight: height,
  clientHeight: viewport,
}: HTMLElement): ScrollMetrics => ({
  top,
  height,
  viewport,
});

/** With Ctrl the wheel zooms. */
const scrollsUp = ({ deltaY, ctrlKey }: WheelEvent) => deltaY < 0 && !ctrlKey;

/** Keeps a scroll container at its bottom, through layout changes, until its reader scrolls up. */
export class BottomFollower {
  #state: FollowState;
  #scroller: HTMLElement | null = null;
  #idleTimer: number | undefined;
  #layoutChangedAt = 0;
  readonly #listeners = new Set<() => void>();

  /** Without `isFollowing` the follower waits for `positioned()`. */
  constructor(isFollowing: boolean) {
    this.#state = { mode: isFollowing ? 'following' : 'positioning', atBottom: NO_METRICS };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Whether the reader is at the bottom, or would be if the list kept up. */
  readonly isFollowing = (): boolean => this.#state.mode === 'following' || this.#state.mode === 'paused';

  /** Observes `scroller` and its `content`. Returns the cleanup. */
  attach(scroller: HTMLElement, content: Element): () => void {
    const listeners = new AbortController();
    const options = { passive: true, signal: listeners.signal };
    scroller.addEventListener('scroll', () => this.#onScroll(), options);
    scroller.addEventListener('wheel', (event) => scrollsUp(event) && this.#pause(), options);
    scroller.addEventListener('keydown', ({ key }) => SCROLL_KEYS.has(key) && this.#pause(), options);
    for (const type of POINTER_EVENTS) scroller.addEventListener(type, () => this.#pause(), options);
    const resizeObserver = new ResizeObserver(() => {
      this.#layoutChangedAt = performance.now();
      this.#onLayout();
    });
    resizeObserver.observe(scroller);
    resizeObserver.observe(content);
    this.#scroller = scroller;
    return () => {
      listeners.abort();
      resizeObserver.disconnect();
      window.clearTimeout(this.#idleTimer);
      this.#scroller = null;
    };
  }

  /** Scrolls to the bottom and follows it. */
  follow(): void {
    this.#setState({ ...this.#state, mode: 'following' });
    queueMicrotask(() => this.#scrollToBottom());
  }

  /** Call when the list is at its initial position. */
  positioned(): void {
    if (this.#scroller) this.#setState(afterPositioning(this.#state, measure(this.#scroller)));
  }

  /** Keeps the scroll position while the reader expands or collapses a text. Following ends if the bottom moves away. */
  holdPosition(): void {
    window.clearTimeout(this.#idleTimer);
    this.#setState(afterInput(this.#state));
    // Two frames: the virtual list measures the row after its next paint.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (this.#scroller) this.#setState(afterResize(this.#state, measure(this.#scroller)));
      }),
    );
  }

  #pause() {
    this.#setState(afterInput(this.#state));
    this.#resumeWhenIdle();
  }

  #resumeWhenIdle() {
    window.clearTimeout(this.#idleTimer);
    this.#idleTimer = window.setTimeout(() => {
      this.#setState(afterIdle(this.#state));
      this.#onLayout();
    }, IDLE_MS);
  }

  #onScroll() {
    if (!this.#scroller) return;
    const isLayoutStable = performance.now() - this.#layoutChangedAt > STABLE_LAYOUT_MS;
    this.#setState(afterScroll(this.#state, measure(this.#scroller), isLayoutStable));
    if (this.#state.mode === 'paused') this.#resumeWhenIdle();
    else this.#onLayout();
  }

  /** Scrolls back to the bottom after a layout change. */
  #onLayout() {
    if (!this.#scroller || this.#state.mode !== 'following') return;
    const metrics = measure(this.#scroller);
    if (distanceFromBottom(metrics) > BOTTOM_MARGIN_PX || !isSameLayout(metrics, this.#state.atBottom))
      this.#scrollToBottom();
  }

  #scrollToBottom() {
    const scroller = this.#scroller;
    if (!scroller) return;
    scroller.scrollTop = scroller.scrollHeight;
    this.#state = { ...this.#state, atBottom: measure(scroller) };
    // Notify the virtual list now; by the next frame it would have rendered from the old position.
    scroller.dispatchEvent(new Event('scroll'));
  }

  #setState(state: FollowState) {
    const wasFollowing = this.isFollowing();
    this.#state = state;
    if (this.isFollowing() !== wasFollowing) for (const listener of this.#listeners) listener();
  }
}
