import {
  afterInput,
  afterPlacing,
  afterRest,
  afterScroll,
  distance,
  END_MARGIN,
  isSameLayout,
  type Following,
  type Geometry,
} from './following';

/** In milliseconds: after so long without input and scrolling, the reader has stopped. */
const REST = 300;

/** In milliseconds: so long after its last change a layout is quiet. */
const QUIET = 250;

const NOWHERE: Geometry = { top: 0, height: 0, viewport: 0 };
const TOUCHES = ['touchstart', 'touchmove', 'pointerdown'] as const;
const KEYS = new Set(['ArrowUp', 'PageUp', 'Home', ' ']);

const measure = ({
  scrollTop: top,
  scrollHeight: height,
  clientHeight: viewport,
}: HTMLElement): Geometry => ({
  top,
  height,
  viewport,
});

/** With Ctrl it zooms. */
const turnsUp = ({ deltaY, ctrlKey }: WheelEvent) => deltaY < 0 && !ctrlKey;

/** Keeps a scrolling element at its end, in every layout, for as long as its reader stays there. */
export class EndFollower {
  #state: Following;
  #scroller: HTMLElement | null = null;
  #resting: number | undefined;
  #changedAt = 0;
  readonly #listeners = new Set<() => void>();

  /** `isFollowing`: from the beginning; else `placed` is to be called. */
  constructor(isFollowing: boolean) {
    this.#state = { mode: isFollowing ? 'following' : 'placing', atEnd: NOWHERE };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Whether the reader is at the end, or would be if the list kept up. */
  readonly isFollowing = (): boolean => this.#state.mode === 'following' || this.#state.mode === 'held';

  /** Watches `scroller`, whose rows are in `content`. Returns what ends that. */
  attach(scroller: HTMLElement, content: Element): () => void {
    const ending = new AbortController();
    const options = { passive: true, signal: ending.signal };
    scroller.addEventListener('scroll', () => this.#scrolled(), options);
    scroller.addEventListener('wheel', (event) => turnsUp(event) && this.#held(), options);
    scroller.addEventListener('keydown', ({ key }) => KEYS.has(key) && this.#held(), options);
    for (const type of TOUCHES) scroller.addEventListener(type, () => this.#held(), options);
    const layout = new ResizeObserver(() => {
      this.#changedAt = performance.now();
      this.#laidOut();
    });
    layout.observe(scroller);
    layout.observe(content);
    this.#scroller = scroller;
    return () => {
      ending.abort();
      layout.disconnect();
      window.clearTimeout(this.#resting);
      this.#scroller = null;
    };
  }

  /** Goes to the end, and stays there. */
  follow(): void {
    this.#become({ ...this.#state, mode: 'following' });
    queueMicrotask(() => this.#toEnd());
  }

  /** The list has been brought to the row that it opens at. */
  placed(): void {
    if (this.#scroller) this.#become(afterPlacing(this.#state, measure(this.#scroller)));
  }

  /** Stays where it is while the reader unfolds a text, which may then reach beyond the end. */
  release(): void {
    this.#become({ ...this.#state, mode: 'placing' });
    requestAnimationFrame(() => requestAnimationFrame(() => this.placed()));
  }

  #held() {
    this.#become(afterInput(this.#state));
    this.#restLater();
  }

  #restLater() {
    window.clearTimeout(this.#resting);
    this.#resting = window.setTimeout(() => {
      this.#become(afterRest(this.#state));
      this.#laidOut();
    }, REST);
  }

  #scrolled() {
    if (!this.#scroller) return;
    const isQuiet = performance.now() - this.#changedAt > QUIET;
    this.#become(afterScroll(this.#state, measure(this.#scroller), isQuiet));
    if (this.#state.mode === 'held') this.#restLater();
    else this.#laidOut();
  }

  /** Whatever changed, the end comes back into view. */
  #laidOut() {
    if (!this.#scroller || this.#state.mode !== 'following') return;
    const now = measure(this.#scroller);
    if (distance(now) > END_MARGIN || !isSameLayout(now, this.#state.atEnd)) this.#toEnd();
  }

  #toEnd() {
    const scroller = this.#scroller;
    if (!scroller) return;
    scroller.scrollTop = scroller.scrollHeight;
    this.#state = { ...this.#state, atEnd: measure(scroller) };
    // The list learns of it now, not with the next frame: until then it would go on from where it was.
    scroller.dispatchEvent(new Event('scroll'));
  }

  #become(state: Following) {
    const before = this.isFollowing();
    this.#state = state;
    if (this.isFollowing() !== before) for (const listener of this.#listeners) listener();
  }
}
