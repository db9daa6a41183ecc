/**
 * Messages on their way. Each keeps its `clientId` until it is seen in the conversation, so that it can be
 * sent again and again and is still one message.
 */
import type { Message, ServerFrame } from '../types/chat';

export interface Outgoing {
  clientId: string;
  conversationId: string;
  text: string;
  createdAt: string;
  /** `sent` is in the log: it cannot be lost any more. */
  state: 'pending' | 'sent' | 'failed';
  /** Why it failed: an error's code, or the reason of a rejection. */
  reason?: string;
  /** The other member of a conversation that is to be started before this can be sent. */
  peerId?: string;
  /** Left behind by a tab that is gone, and taken over by this one. */
  isAdopted?: boolean;
}

export type Outbox = readonly Outgoing[];

/** Whether an error says nothing of the message: sent again later, it may be accepted. */
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

/** The other member of a conversation that a message waits to start: later ones must not overtake it. */
export function pendingPeer(outbox: Outbox, conversationId: string): string | undefined {
  return outbox.find(
    (outgoing) =>
      outgoing.conversationId === conversationId && outgoing.state === 'pending' && outgoing.peerId,
  )?.peerId;
}

/** A conversation was started, as `id`: what waited for that can be sent. */
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

/** A conversation cannot be started: nothing that waits for that was sent. */
export function withStartFailed(outbox: Outbox, conversationId: string, reason: string): Outbox {
  const waiting = outbox.filter(
    (outgoing) => outgoing.conversationId === conversationId && outgoing.peerId !== undefined,
  );
  return waiting.reduce((rest, { clientId }) => withState(rest, clientId, 'failed', reason), outbox);
}

/** Old outbox + frame = new outbox. */
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

/** The last of a conversation that is not in the log yet. */
export function lastUnsent(outbox: Outbox, conversationId: string): Outgoing | undefined {
  return outbox.findLast(
    (outgoing) => outgoing.conversationId === conversationId && outgoing.state !== 'sent',
  );
}

/** Those that history has: of what an earlier tab sent, no `message` may ever come. */
export function withoutDelivered(outbox: Outbox, items: readonly Message[], meId: string): Outbox {
  const delivered = new Set(items.flatMap(({ senderId, clientId }) => (senderId === meId && clientId) || []));
  return outbox.some(({ clientId }) => delivered.has(clientId))
    ? outbox.filter(({ clientId }) => !delivered.has(clientId))
    : outbox;
}

/** What is still to be shown after the messages of a conversation. */
export function undelivered(
  outbox: Outbox,
  conversationId: string,
  items: readonly Message[],
  meId: string,
): Outgoing[] {
  const ofConversation = outbox.filter((outgoing) => outgoing.conversationId === conversationId);
  return ofConversation.length === 0 ? ofConversation : [...withoutDelivered(ofConversation, items, meId)];
}
