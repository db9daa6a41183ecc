/** What a thread shows, in order: the messages, then what is still on its way. */
import type { Message } from '../types/chat';
import type { Outgoing } from './outbox';

/** What a row is made of. */
export type RowSource = Message | Outgoing;

export interface Row {
  senderId: string;
  createdAt: string;
  text: string;
  message?: Message;
  outgoing?: Outgoing;
}

export function toRow(source: RowSource, meId: string): Row {
  const { createdAt, text } = source;
  return 'seq' in source
    ? { senderId: source.senderId, createdAt, text, message: source }
    : { senderId: meId, createdAt, text, outgoing: source };
}

/**
 * The same for a message before and after it arrives, so that it stays where it is; different for any two
 * messages, whatever characters their ids contain.
 */
export function rowKey(source: RowSource, meId: string): string {
  if (!('seq' in source)) return JSON.stringify([meId, source.clientId]);
  const { id, senderId, clientId } = source;
  return JSON.stringify(clientId === undefined ? [id] : [senderId, clientId]);
}

/**
 * The index of the first row. It falls by as many as come before and stays when some come after. With nothing
 * missing it is the first message's seq.
 */
export function firstRowIndex(items: readonly Message[]): number {
  return (items.at(-1)?.seq ?? 0) - items.length + 1;
}

/** Where the messages after `seq` begin; -1 if there is none, or if what comes before is not loaded. */
export function indexAfterSeq(items: readonly Message[], seq: number): number {
  const index = items.findIndex((message) => message.seq > seq);
  return index === 0 && seq > 0 && items[0]!.seq !== seq + 1 ? -1 : index;
}

/** The row of a message, so many pixels from the top of the list. */
export interface RowPosition {
  seq: number;
  offset: number;
}

/** Where a list opens; null: at its end. */
export type InitialPosition = RowPosition | null;

/** Where its reader `left` it; else where the unread messages begin, after `readSeq`; else at its end. */
export function initialPositionOf(
  items: readonly Message[],
  saved: RowPosition | undefined,
  readSeq: number | null,
): InitialPosition {
  if (saved) return items[indexAfterSeq(items, saved.seq - 1)] ? saved : null;
  if (readSeq === null) return null;
  const first = items[0];
  // So many are unread that they are not all loaded: those that are begin at the top.
  if (first && first.seq > readSeq + 1) return { seq: first.seq, offset: 0 };
  const message = items[indexAfterSeq(items, readSeq)];
  return message ? { seq: message.seq, offset: 96 } : null;
}
