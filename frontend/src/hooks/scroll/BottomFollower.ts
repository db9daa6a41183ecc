import {
  afterInput,
  afterPositioning,
  afterIdle,
  afterScroll,
  distanceFromBottom,
  BOTTOM_MARGIN_PX,
  isSameLayout,
  type FollowState,
  type ScrollMetrics,
} from './followState';

/** In milliseconds: after so long without input and scrolling, the reader has stopped. */
const IDLE_MS = 300;

/** In milliseconds: so long after its last change a layout is quiet. */
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

/** With Ctrl it zooms. */
const scrollsUp = ({ deltaY, ctrlKey }: WheelEvent) => deltaY < 0 && !ctrlKey;

/** Keeps a scrolling element at its end, in every layout, for as long as its reader stays there. */
export class BottomFollower {
  #state: FollowState;
  #scroller: HTMLElement | null = null;
  #idleTimer: number | undefined;
  #layoutChangedAt = 0;
  readonly #listeners = new Set<() => void>();

  /** `isFollowing`: from the beginning; else `placed` is to be called. */
  constructor(isFollowing: boolean) {
    this.#state = { mode: isFollowing ? 'following' : 'positioning', atBottom: NO_METRICS };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Whether the reader is at the end, or would be if the list kept up. */
  readonly isFollowing = (): boolean => this.#state.mode === 'following' || this.#state.mode === 'paused';

  /** Watches `scroller`, whose rows are in `content`. Returns what ends that. */
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

  /** Goes to the end, and stays there. */
  follow(): void {
    this.#setState({ ...this.#state, mode: 'following' });
    queueMicrotask(() => this.#scrollToBottom());
  }

  /** The list has been brought to the row that it opens at. */
  positioned(): void {
    if (this.#scroller) this.#setState(afterPositioning(this.#state, measure(this.#scroller)));
  }

  /** Stays where it is while the reader unfolds a text, which may then reach beyond the end. */
  release(): void {
    this.#setState({ ...this.#state, mode: 'positioning' });
    requestAnimationFrame(() => requestAnimationFrame(() => this.positioned()));
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

  /** Whatever changed, the end comes back into view. */
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
    // The list learns of it now, not with the next frame: until then it would go on from where it was.
    scroller.dispatchEvent(new Event('scroll'));
  }

  #setState(state: FollowState) {
    const wasFollowing = this.isFollowing();
    this.#state = state;
    if (this.isFollowing() !== wasFollowing) for (const listener of this.#listeners) listener();
  }
}
