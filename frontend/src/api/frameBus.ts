/** Tells every frame to whoever listens. */
import type { MessageFrame, ServerFrame } from '../types/chat';

type Listener = (frame: ServerFrame) => void;

const listeners = new Set<Listener>();

/** A listener that throws loses this frame alone: the cursor moves on past those that follow, too. */
export function publishFrame(frame: ServerFrame): void {
  for (const listener of listeners) {
    try {
      listener(frame);
    } catch (error) {
      reportError(error);
    }
  }
}

export function subscribeToFrames(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/**
 * A snapshot, and the frames that came while it was on its way: they may be newer than it is. None that came
 * before can be, since nobody is told of what a snapshot would not have.
 */
export async function withFramesDuring<T>(fetch: () => Promise<T>): Promise<[T, ServerFrame[]]> {
  const frames: ServerFrame[] = [];
  const unsubscribe = subscribeToFrames((frame) => frames.push(frame));
  try {
    return [await fetch(), frames];
  } finally {
    unsubscribe();
  }
}

const messageListeners = new Set<(message: MessageFrame) => void>();

/** A message of someone else has arrived for the first time. */
export function publishNewMessage(message: MessageFrame): void {
  for (const listener of messageListeners) listener(message);
}

export function subscribeToNewMessages(listener: (message: MessageFrame) => void): () => void {
  messageListeners.add(listener);
  return () => void messageListeners.delete(listener);
}
