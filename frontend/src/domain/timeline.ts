/** The loaded messages of a conversation, oldest first and without gaps: pure reducers. */
import type { Message, MessagePage, ServerFrame } from '../types/chat';

export type Timeline = Pick<MessagePage, 'items' | 'hasOlder'>;

/** Index of the message with `seq`, or where it would be inserted (binary search). */
export function indexOfSeq(items: readonly Message[], seq: number): number {
  let from = 0;
  let to = items.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (items[middle]!.seq < seq) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Keeps the higher version. `isRead` changes without a new version and never reverts. */
function newerVersion(current: Message, incoming: Message): Message {
  const isRead = current.isRead || incoming.isRead;
  const message = incoming.version > current.version ? incoming : current;
  return message.isRead === isRead ? message : { ...message, isRead };
}

export function withMessage(timeline: Timeline, message: Message): Timeline {
  const { items } = timeline;
  const index = indexOfSeq(items, message.seq);
  const current = items[index];
  if (current?.seq !== message.seq) {
    const older = index === 0 && timeline.hasOlder;
    return older ? timeline : { ...timeline, items: items.toSpliced(index, 0, message) };
  }
  const merged = newerVersion(current, message);
  return merged === current ? timeline : { ...timeline, items: items.with(index, merged) };
}

/** Prepends the page before the oldest loaded message. */
export function withOlder(timeline: Timeline, page: MessagePage): Timeline {
  const first = timeline.items[0]?.seq ?? Infinity;
  const older = page.items.filter((message) => message.seq < first);
  return { items: [...older, ...timeline.items], hasOlder: page.hasOlder };
}

/** Marks messages that `matches` as read, from `upTo` back to the first one already read. */
function markReadUpTo(timeline: Timeline, upTo: number, matches: (message: Message) => boolean): Timeline {
  const items = timeline.items.slice();
  let changed = false;
  for (let index = indexOfSeq(items, upTo + 1) - 1; index >= 0; index--) {
    const message = items[index]!;
    if (!matches(message)) continue;
    if (message.isRead) break;
    items[index] = { ...message, isRead: true };
    changed = true;
  }
  return changed ? { ...timeline, items } : timeline;
}

/**
 * Applies a read position. In groups only the user's own applies: `isRead` of own messages there means that
 * all members have read, which a single reader's position does not show.
 */
export function withRead(
  timeline: Timeline,
  reader: string,
  upTo: number,
  meId: string,
  isDirect: boolean,
): Timeline {
  if (reader === meId) return markReadUpTo(timeline, upTo, (message) => message.senderId !== meId);
  return isDirect ? markReadUpTo(timeline, upTo, (message) => message.senderId === meId) : timeline;
}

/** Applies a frame to the timeline. Returns the same timeline if nothing changes. */
export function applyToTimeline(
  timeline: Timeline,
  frame: ServerFrame,
  meId: string,
  isDirect: boolean,
): Timeline {
  if (frame.type === 'read') return withRead(timeline, frame.userId, frame.upTo, meId, isDirect);
  if (frame.type !== 'message') return timeline;
  const { type: _, ...message } = frame;
  // Sending implies having read everything before.
  const sent = withMessage(timeline, message);
  return withRead(sent, message.senderId, message.seq - 1, meId, isDirect);
}
