/** Publish/subscribe for the frames received from the server. */
import type { MessageFrame, ServerFrame } from '../types/chat';

type Listener = (frame: ServerFrame) => void;

const listeners = new Set<Listener>();

/** Calls every listener. An exception is reported and does not keep the frame from the other listeners. */
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
 * Runs `fetch` and returns its snapshot with the frames received meanwhile, which may be newer than the
 * snapshot. Earlier frames cannot be: the server publishes a change only after it is stored.
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

/** Publishes a message of another user that was not seen before. */
export function publishNewMessage(message: MessageFrame): void {
  for (const listener of messageListeners) listener(message);
}

export function subscribeToNewMessages(listener: (message: MessageFrame) => void): () => void {
  messageListeners.add(listener);
  return () => void messageListeners.delete(listener);
}
