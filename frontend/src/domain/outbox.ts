/**
 * Messages being sent: pure reducers. Each keeps its `clientId` until it appears in its conversation; the id
 * makes retries idempotent.
 */
import type { Message, ServerFrame } from '../types/chat';

export interface Outgoing {
  clientId: string;
  conversationId: string;
  text: string;
  createdAt: string;
  /** `sent`: acknowledged by the server, that is, written to the log. */
  state: 'pending' | 'sent' | 'failed';
  /** Why it failed: the code of an `error` frame, or the reason of a `rejected` frame. */
  reason?: string;
  /** Peer of a conversation that must be started before this message can be sent. */
  peerId?: string;
  /** Taken over from a closed tab. */
  isAdopted?: boolean;
}

export type Outbox = readonly Outgoing[];

/** Whether an error is temporary, so that sending the same message later can succeed. */
export function isRetryable(code: string): boolean {
  return code === 'unavailable' || code === 'too_many';
}

export function withState(
  outbox: Outbox,
  clientId: string | undefined,
  state: Outgoing['state'],
  reason?: string,
): Outbox {
  if (!outbox.some((outgoing) => outgoing.clientId === clientId)) return outbox;
  return outbox.map((outgoing) => {
    if (outgoing.clientId !== clientId) return outgoing;
    const { reason: _, ...rest } = outgoing;
    return reason === undefined ? { ...rest, state } : { ...rest, state, reason };
  });
}

export function without(outbox: Outbox, clientId: string | undefined): Outbox {
  const rest = outbox.filter((outgoing) => outgoing.clientId !== clientId);
  return rest.length === outbox.length ? outbox : rest;
}

/**
 * Peer of the conversation if a pending message must start it first. Later messages queue behind that one.
 */
export function pendingPeer(outbox: Outbox, conversationId: string): string | undefined {
  return outbox.find(
    (outgoing) =>
      outgoing.conversationId === conversationId && outgoing.state === 'pending' && outgoing.peerId,
  )?.peerId;
}

/** Releases the messages that waited for their conversation to start; its id is now `id`. */
export function withConversationStarted(outbox: Outbox, conversationId: string, id: string): Outbox {
  const isWaiting = (outgoing: Outgoing) =>
    outgoing.conversationId === conversationId && outgoing.peerId !== undefined;
  if (!outbox.some(isWaiting)) return outbox;
  return outbox.map((outgoing) => {
    if (!isWaiting(outgoing)) return outgoing;
    const { peerId: _, ...rest } = outgoing;
    return { ...rest, conversationId: id };
  });
}

/** Fails the messages that waited for a conversation that cannot be started. */
export function withStartFailed(outbox: Outbox, conversationId: string, reason: string): Outbox {
  const waiting = outbox.filter(
    (outgoing) => outgoing.conversationId === conversationId && outgoing.peerId !== undefined,
  );
  return waiting.reduce((rest, { clientId }) => withState(rest, clientId, 'failed', reason), outbox);
}

/** Applies a frame to the outbox. Returns the same outbox if nothing changes. */
export function applyToOutbox(outbox: Outbox, frame: ServerFrame, meId: string): Outbox {
  switch (frame.type) {
    case 'accepted':
      return withState(outbox, frame.clientId, 'sent');
    case 'error':
      if (isRetryable(frame.code)) return outbox;
      return withState(outbox, frame.clientId, 'failed', frame.code);
    case 'rejected':
      return withState(outbox, frame.clientId, 'failed', frame.reason);
    case 'message':
      return frame.senderId === meId ? without(outbox, frame.clientId) : outbox;
    default:
      return outbox;
  }
}

/** The conversation's last message that is pending or failed. */
export function lastUnsent(outbox: Outbox, conversationId: string): Outgoing | undefined {
  return outbox.findLast(
    (outgoing) => outgoing.conversationId === conversationId && outgoing.state !== 'sent',
  );
}

/** Removes messages found in `items`: after a reload their `message` frame may never come. */
export function withoutDelivered(outbox: Outbox, items: readonly Message[], meId: string): Outbox {
  const delivered = new Set(items.flatMap(({ senderId, clientId }) => (senderId === meId && clientId) || []));
  return outbox.some(({ clientId }) => delivered.has(clientId))
    ? outbox.filter(({ clientId }) => !delivered.has(clientId))
    : outbox;
}

/** A conversation's outgoing messages that are not among `items` yet. */
export function undelivered(
  outbox: Outbox,
  conversationId: string,
  items: readonly Message[],
  meId: string,
): Outgoing[] {
  const ofConversation = outbox.filter((outgoing) => outgoing.conversationId === conversationId);
  return ofConversation.length === 0 ? ofConversation : [...withoutDelivered(ofConversation, items, meId)];
}
