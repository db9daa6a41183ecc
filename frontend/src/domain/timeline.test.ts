import { describe, expect, it } from 'vitest';
import { historyPage, message, messageFrame, readFrame } from '../test/builders';
import { applyToTimeline, withMessage, withOlder, type Timeline } from './timeline';

const ME = 'ann';
const seqs = (timeline: Timeline) => timeline.items.map(({ seq }) => seq);
const read = (timeline: Timeline) => timeline.items.filter(({ isRead }) => isRead).map(({ seq }) => seq);
const of = (...numbers: number[]): Timeline => ({
  items: numbers.map((seq) => message(seq)),
  hasOlder: false,
});
const apply = (timeline: Timeline, frame: Parameters<typeof applyToTimeline>[1], isDirect = true) =>
  applyToTimeline(timeline, frame, ME, isDirect);

describe('a message', () => {
  it('is appended', () => {
    expect(seqs(apply(of(1, 2), messageFrame(3)))).toEqual([1, 2, 3]);
  });

  it('is kept once however often it is received', () => {
    const once = apply(of(1, 2), messageFrame(3));
    expect(apply(once, messageFrame(3))).toBe(once);
  });

  it('is inserted in order when it arrives late', () => {
    expect(seqs(apply(of(1, 3), messageFrame(2)))).toEqual([1, 2, 3]);
  });

  it('is replaced only by a higher version', () => {
    const edited = withMessage(of(1), message(1, { text: 'edited', version: 11 }));
    expect(edited.items[0]?.text).toBe('edited');
    expect(withMessage(edited, message(1, { text: 'old', version: 10 })).items[0]?.text).toBe('edited');
  });

  it('stays read although a later frame is unread', () => {
    const held: Timeline = { items: [message(1, { isRead: true })], hasOlder: false };
    expect(read(apply(held, messageFrame(1, { version: 11 })))).toEqual([1]);
  });

  it('is ignored when it is older than the loaded messages', () => {
    const held: Timeline = { items: [message(7)], hasOlder: true };
    expect(apply(held, messageFrame(3))).toBe(held);
  });

  it('marks earlier messages as read by its sender', () => {
    const held: Timeline = { items: [message(1, { senderId: ME }), message(2)], hasOlder: false };
    expect(read(apply(held, messageFrame(3)))).toEqual([1]);
  });

  it('is stored without the frame type', () => {
    expect(apply(of(), messageFrame(1)).items[0]).not.toHaveProperty('type');
  });
});

describe('a read frame', () => {
  const both: Timeline = {
    items: [1, 2, 3, 4].map((seq) => message(seq, { senderId: seq % 2 ? ME : 'bob' })),
    hasOlder: false,
  };

  it('of the peer marks my messages up to its position', () => {
    expect(read(apply(both, readFrame('bob', 2)))).toEqual([1]);
    expect(read(apply(both, readFrame('bob', 4)))).toEqual([1, 3]);
  });

  it('of my own marks theirs', () => {
    expect(read(apply(both, readFrame(ME, 4)))).toEqual([2, 4]);
  });

  it('that is not newer changes nothing', () => {
    const once = apply(both, readFrame('bob', 4));
    expect(apply(once, readFrame('bob', 2))).toBe(once);
  });

  it('of one member does not mean that a whole group has read', () => {
    expect(apply(both, readFrame('bob', 4), false)).toBe(both);
  });
});

describe('an older page', () => {
  it('is prepended without messages that are loaded already', () => {
    const joined = withOlder(of(4, 5), historyPage([message(2), message(3), message(4)], true));
    expect(seqs(joined)).toEqual([2, 3, 4, 5]);
    expect(joined.hasOlder).toBe(true);
  });
});

describe('the projection law', () => {
  it('snapshot + later frames, with any overlap, == fresh read', () => {
    const frames = [
      messageFrame(1, { senderId: ME }),
      readFrame('bob', 1),
      messageFrame(2),
      messageFrame(3, { senderId: ME }),
      readFrame(ME, 2),
      messageFrame(4, { senderId: ME }),
      messageFrame(5),
      readFrame('bob', 5),
    ];
    const empty: Timeline = { items: [], hasOlder: false };
    const all = (from: Timeline, some: typeof frames) =>
      some.reduce((held, frame) => apply(held, frame), from);
    const fresh = all(empty, frames);
    for (let taken = 0; taken <= frames.length; taken++) {
      const snapshot = all(empty, frames.slice(0, taken));
      for (let from = 0; from <= taken; from++) {
        expect(all(snapshot, frames.slice(from))).toEqual(fresh);
      }
    }
  });
});
