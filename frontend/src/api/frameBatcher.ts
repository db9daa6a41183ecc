import type { ServerFrame } from '../types/chat';

/** In milliseconds: a page out of sight has no animation frames. */
const MAX_DELAY_MS = 200;

/** Changes of what is shown; all others say something of the connection or of what was sent, and do not wait. */
const isDeferrable = ({ type }: ServerFrame) => type === 'message' || type === 'read';

export interface FrameBatcher {
  receive: (frame: ServerFrame) => void;
  /** Forgets what waits. */
  stop: () => void;
}

const isHidden = () => document.visibilityState === 'hidden';

/**
 * The first frame is delivered at once; those that follow before the next animation frame are delivered together,
 * in order, so that each paint renders once however many there are. Out of sight they wait for a timer that is set
 * by a frame, never by another timer: browsers slow such chains down to one a minute.
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
