import type { ServerFrame } from '../types/chat';

/** Upper bound of the delay; hidden pages get no animation frames. */
const MAX_DELAY_MS = 200;

/**
 * Only frames that change what is on screen wait; frames on the connection and the outbox are delivered at
 * once.
 */
const isDeferrable = ({ type }: ServerFrame) => type === 'message' || type === 'read';

export interface FrameBatcher {
  receive: (frame: ServerFrame) => void;
  /** Discards pending frames. */
  stop: () => void;
}

const isHidden = () => document.visibilityState === 'hidden';

/**
 * Batches frames so that React renders once per paint. Delivers the first frame at once, and the frames that
 * follow before the next animation frame together, in order. On a hidden page a timer replaces the animation
 * frame; it is started by a frame and never by a timer, since browsers throttle chained timers to one a
 * minute.
 */
export function createFrameBatcher(deliver: (frames: readonly ServerFrame[]) => void): FrameBatcher {
  let pending: ServerFrame[] = [];
  let animation = 0;
  let timer: number | undefined;

  const cancel = () => {
    cancelAnimationFrame(animation);
    window.clearTimeout(timer);
    timer = undefined;
  };
  const schedule = () => {
    animation = requestAnimationFrame(flush);
    timer = window.setTimeout(flush, MAX_DELAY_MS);
  };
  const flush = () => {
    cancel();
    if (pending.length === 0) return;
    const frames = pending;
    pending = [];
    if (!isHidden() && frames.some(isDeferrable)) schedule();
    deliver(frames);
  };
  const receive = (frame: ServerFrame) => {
    pending.push(frame);
    if (!isDeferrable(frame)) flush();
    else if (timer !== undefined) return;
    else if (isHidden()) schedule();
    else flush();
  };
  const stop = () => {
    cancel();
    pending = [];
  };
  return { receive, stop };
}
