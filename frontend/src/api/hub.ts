/** Tells every frame to whoever listens. */
import type { MessageFrame, ServerFrame } from '../types/chat';

type Listener = (frame: ServerFrame) => void;

const listeners = new Set<Listener>();

/** A listener that throws loses this frame alone: the cursor moves on past those that follow, too. */
export function tell(frame: ServerFrame): void {
  for (const listener of listeners) {
    try {
      listener(frame);
    } catch (error) {
      reportError(error);
    }
  }
}

export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/**
 * A snapshot, and the frames that came while it was on its way: they may be newer than it is. None that came
 * before can be, since nobody is told of what a snapshot would not have.
 */
export async function whileListening<T>(fetch: () => Promise<T>): Promise<[T, ServerFrame[]]> {
  const heard: ServerFrame[] = [];
  const stop = listen((frame) => heard.push(frame));
  try {
    return [await fetch(), heard];
  } finally {
    stop();
  }
}

const readers = new Set<(message: MessageFrame) => void>();

/** A message of someone else has arrived for the first time. */
export function publishNews(message: MessageFrame): void {
  for (const reader of readers) reader(message);
}

export function subscribeNews(reader: (message: MessageFrame) => void): () => void {
  readers.add(reader);
  return () => void readers.delete(reader);
}
