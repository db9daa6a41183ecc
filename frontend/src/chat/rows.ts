/** What a thread shows, in order: the messages, then what is still on its way. */
import type { Message } from '../types/chat';
import type { Outgoing } from './outbox';

export interface Rows {
  items: readonly Message[];
  outgoing: readonly Outgoing[];
  meId: string;
}

export interface Entry {
  /** The same for a message before and after it arrives, so that it stays where it is. */
  key: string;
  senderId: string;
  createdAt: string;
  text: string;
  message?: Message;
  outgoing?: Outgoing;
}

export function entryAt({ items, outgoing, meId }: Rows, at: number): Entry | undefined {
  const message = items[at];
  if (message) {
    const { id, clientId, senderId, createdAt, text } = message;
    return { key: `${senderId}/${clientId ?? id}`, senderId, createdAt, text, message };
  }
  const waiting = outgoing[at - items.length];
  if (!waiting) return undefined;
  const { clientId, createdAt, text } = waiting;
  return { key: `${meId}/${clientId}`, senderId: meId, createdAt, text, outgoing: waiting };
}

/**
 * The index of the first row. It falls by as many as come before and stays when some come after: then a list
 * keeps its place when older ones are loaded. With nothing missing it is the first message's seq.
 */
export function firstIndex(items: readonly Message[]): number {
  return (items.at(-1)?.seq ?? 0) - items.length + 1;
}

/** Where the messages after `seq` begin; -1 if there is none, or if what comes before is not loaded. */
export function firstAfter(items: readonly Message[], seq: number): number {
  const at = items.findIndex((message) => message.seq > seq);
  return at === 0 && seq > 0 && items[0]!.seq !== seq + 1 ? -1 : at;
}
