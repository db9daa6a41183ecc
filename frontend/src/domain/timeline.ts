/** One conversation's messages as far as they are loaded: oldest first, nothing missing in between. */
import type { Message, MessagePage, ServerFrame } from '../types/chat';

export type Timeline = Pick<MessagePage, 'items' | 'hasOlder'>;

/** Where `seq` is, or belongs. */
export function place(items: readonly Message[], seq: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Only a higher version replaces a message; `isRead` moves without the version, and never back. */
function newer(held: Message, told: Message): Message {
  const isRead = held.isRead || told.isRead;
  const message = told.version > held.version ? told : held;
  return message.isRead === isRead ? message : { ...message, isRead };
}

export function withMessage(timeline: Timeline, message: Message): Timeline {
  const { items } = timeline;
  const at = place(items, message.seq);
  const held = items[at];
  if (held?.seq !== message.seq) {
    const older = at === 0 && timeline.hasOlder;
    return older ? timeline : { ...timeline, items: items.toSpliced(at, 0, message) };
  }
  const kept = newer(held, message);
  return kept === held ? timeline : { ...timeline, items: items.with(at, kept) };
}

/** The page before the oldest message that is loaded. */
export function withOlder(timeline: Timeline, page: MessagePage): Timeline {
  const first = timeline.items[0]?.seq ?? Infinity;
  const older = page.items.filter((message) => message.seq < first);
  return { items: [...older, ...timeline.items], hasOlder: page.hasOlder };
}

/** What `isMarked` picks is read up to `upTo`. All before a read one is read, so the walk back ends there. */
function readUpTo(timeline: Timeline, upTo: number, isMarked: (message: Message) => boolean): Timeline {
  const items = timeline.items.slice();
  let changed = false;
  for (let at = place(items, upTo + 1) - 1; at >= 0; at--) {
    const message = items[at]!;
    if (!isMarked(message)) continue;
    if (message.isRead) break;
    items[at] = { ...message, isRead: true };
    changed = true;
  }
  return changed ? { ...timeline, items } : timeline;
}

/**
 * `reader` has read up to `upTo`. Of a group no single reader says that all have read: its ticks wait for
 * the next page of history.
 */
export function withRead(
  timeline: Timeline,
  reader: string,
  upTo: number,
  meId: string,
  isDirect: boolean,
): Timeline {
  if (reader === meId) return readUpTo(timeline, upTo, (message) => message.senderId !== meId);
  return isDirect ? readUpTo(timeline, upTo, (message) => message.senderId === meId) : timeline;
}

/** Old timeline + frame = new timeline. A frame that changes nothing gives the same object. */
export function applyToTimeline(
  timeline: Timeline,
  frame: ServerFrame,
  meId: string,
  isDirect: boolean,
): Timeline {
  if (frame.type === 'read') return withRead(timeline, frame.userId, frame.upTo, meId, isDirect);
  if (frame.type !== 'message') return timeline;
  const { type: _, ...message } = frame;
  // Who sends has read all before.
  const sent = withMessage(timeline, message);
  return withRead(sent, message.senderId, message.seq - 1, meId, isDirect);
}
