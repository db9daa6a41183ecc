import type { ServerFrame } from '../types/chat';

/** In milliseconds: a page out of sight has no animation frames. */
const LONGEST = 200;

/** Changes of what is shown; all others say something of the connection or of what was sent, and do not wait. */
const mayWait = ({ type }: ServerFrame) => type === 'message' || type === 'read';

export interface FrameBatch {
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
export function batchFrames(deliver: (frames: readonly ServerFrame[]) => void): FrameBatch {
  let waiting: ServerFrame[] = [];
  let animation = 0;
  let timer: number | undefined;

  const disarm = () => {
    cancelAnimationFrame(animation);
    window.clearTimeout(timer);
    timer = undefined;
  };
  const arm = () => {
    animation = requestAnimationFrame(flush);
    timer = window.setTimeout(flush, LONGEST);
  };
  const flush = () => {
    disarm();
    if (waiting.length === 0) return;
    const frames = waiting;
    waiting = [];
    if (!isHidden() && frames.some(mayWait)) arm();
    deliver(frames);
  };
  const receive = (frame: ServerFrame) => {
    waiting.push(frame);
    if (!mayWait(frame)) flush();
    else if (timer !== undefined) return;
    else if (isHidden()) arm();
    else flush();
  };
  const stop = () => {
    disarm();
    waiting = [];
  };
  return { receive, stop };
}
