/** Rows of a thread: its messages, then the outgoing ones. */
import type { Message } from '../types/chat';
import type { Outgoing } from './outbox';

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
 * React key: the same for an outgoing message and the message it becomes, so that its row is kept. JSON keeps
 * keys of different messages apart whatever characters their ids contain.
 */
export function rowKey(source: RowSource, meId: string): string {
  if (!('seq' in source)) return JSON.stringify([meId, source.clientId]);
  const { id, senderId, clientId } = source;
  return JSON.stringify(clientId === undefined ? [id] : [senderId, clientId]);
}

/**
 * Index of the first row on a scale that only prepended rows move. Equals the first message's seq when no seq
 * is missing.
 */
export function firstRowIndex(items: readonly Message[]): number {
  return (items.at(-1)?.seq ?? 0) - items.length + 1;
}

/** Index of the first message after `seq`; -1 if there is none, or if messages between are not loaded. */
export function indexAfterSeq(items: readonly Message[], seq: number): number {
  const index = items.findIndex((message) => message.seq > seq);
  return index === 0 && seq > 0 && items[0]!.seq !== seq + 1 ? -1 : index;
}

/** A message's row at `offset` pixels from the top of the list. */
export interface RowPosition {
  seq: number;
  offset: number;
}

/** Position at which a list opens; null: at its bottom. */
export type InitialPosition = RowPosition | null;

/** The `saved` position; else the first unread message, after `readSeq`; else the bottom. */
export function initialPositionOf(
  items: readonly Message[],
  saved: RowPosition | undefined,
  readSeq: number | null,
): InitialPosition {
  if (saved) return items[indexAfterSeq(items, saved.seq - 1)] ? saved : null;
  if (readSeq === null) return null;
  const first = items[0];
  // Not all unread messages are loaded: open at the oldest loaded one.
  if (first && first.seq > readSeq + 1) return { seq: first.seq, offset: 0 };
  const message = items[indexAfterSeq(items, readSeq)];
  return message ? { seq: message.seq, offset: 96 } : null;
}
