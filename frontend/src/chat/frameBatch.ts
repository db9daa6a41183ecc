import type { ServerFrame } from '../types/chat';

/** In milliseconds: a page out of sight has no animation frames. */
const LONGEST = 200;

/** Changes of what is shown; all others say something of the connection or of what was sent, and do not wait. */
const mayWait = ({ type }: ServerFrame) => type === 'message' || type === 'read';

/**
 * Returns a receiver of frames. The first is delivered at once; those that follow before the next animation
 * frame are delivered together, in order, so that each paint renders once however many there are.
 */
export function batchFrames(deliver: (frames: readonly ServerFrame[]) => void): (frame: ServerFrame) => void {
  let waiting: ServerFrame[] = [];
  let animation = 0;
  let timer: number | undefined;

  const flush = () => {
    cancelAnimationFrame(animation);
    window.clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const frames = waiting;
    waiting = [];
    if (frames.some(mayWait)) {
      animation = requestAnimationFrame(flush);
      timer = window.setTimeout(flush, LONGEST);
    }
    deliver(frames);
  };
  return (frame) => {
    waiting.push(frame);
    if (timer === undefined || !mayWait(frame)) flush();
  };
}
