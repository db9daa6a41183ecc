import { describe, expect, it } from 'vitest';
import { message } from '../test/builders';
import { areTogether, dayLabel, shortLabel, startsDay } from './days';
import { hueOf, initials, isUserId } from './people';
import { askedDelay, backOff, mayReturn } from './reconnect';
import { entryAt, firstAfter, firstIndex } from './rows';
import { isLong, isOnlyEmoji, lengthOf, pieces } from './text';

const links = (text: string) => pieces(text).flatMap(({ href }) => href ?? []);
const on = (day: number, hour = 9, minute = 0) => new Date(2026, 0, day, hour, minute).toISOString();
const said = (senderId: string, createdAt: string) => ({ senderId, createdAt });

describe('links', () => {
  it('are found, and the pieces are the text', () => {
    const text = 'See https://parley.example/a?b=c#d, or write to ann@parley.example.';
    expect(links(text)).toEqual(['https://parley.example/a?b=c#d', 'mailto:ann@parley.example']);
    expect(
      pieces(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });

  it('are never a script, data or a file', () => {
    const bad = [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      'data:text/html,<b>',
      'vbscript:x',
      'file:///etc',
    ];
    for (const text of bad) expect(links(text)).toEqual([]);
    expect(links('javascript://example.com/%0aalert(1)').filter((href) => !/^https?:/.test(href))).toEqual(
      [],
    );
  });
});

describe('text', () => {
  it('of a few emoji alone is shown large', () => {
    expect(isOnlyEmoji('🎉')).toBe(true);
    expect(isOnlyEmoji('👩‍👩‍👧 👍🏽')).toBe(true);
    expect(isOnlyEmoji('🎉!')).toBe(false);
    expect(isOnlyEmoji('1')).toBe(false);
    expect(isOnlyEmoji('')).toBe(false);
  });

  it('is counted as the server counts it, in code points', () => {
    expect(lengthOf('a🎉')).toBe(2);
  });

  it('is folded when it is long or has many lines', () => {
    expect(isLong('x'.repeat(8000))).toBe(true);
    expect(isLong('\n'.repeat(30))).toBe(true);
    expect(isLong('Lunch?')).toBe(false);
  });
});

describe('days', () => {
  const now = new Date(2026, 0, 15, 12);

  it('are named as people name them', () => {
    expect([15, 14, 13, 5].map((day) => dayLabel(on(day), now))).toEqual([
      'Today',
      'Yesterday',
      'Tuesday',
      'Monday, 5 January',
    ]);
    expect(dayLabel(new Date(2024, 4, 1).toISOString(), now)).toBe('1 May 2024');
  });

  it('are shorter in a list', () => {
    expect([15, 14, 13, 5].map((day) => shortLabel(on(day), now))).toEqual([
      '09:00',
      'Yesterday',
      'Tue',
      '5 Jan',
    ]);
  });

  it('begin with their first message', () => {
    expect(startsDay(said('bob', on(15)), undefined)).toBe(true);
    expect(startsDay(said('bob', on(15)), said('bob', on(14)))).toBe(true);
    expect(startsDay(said('bob', on(15, 10)), said('bob', on(15, 9)))).toBe(false);
  });

  it('have turns: the same speaker within five minutes', () => {
    const first = said('bob', on(15, 9, 0));
    expect(areTogether(first, said('bob', on(15, 9, 4)))).toBe(true);
    expect(areTogether(first, said('bob', on(15, 9, 5)))).toBe(false);
    expect(areTogether(first, said('ann', on(15, 9, 1)))).toBe(false);
  });
});

describe('people', () => {
  it('have the initials of their first and last word', () => {
    expect(['ann', 'Jonas Berg', 'ops-on-call', '李雷', '👩‍👩‍👧 x'].map(initials)).toEqual([
      'A',
      'JB',
      'OC',
      '李',
      '👩‍👩‍👧X',
    ]);
  });

  it('have a colour of their own', () => {
    expect(hueOf('ann')).toBe(hueOf('ann'));
    expect(new Set(['ann', 'bob', 'cleo', 'dan'].map(hueOf)).size).toBe(4);
  });

  it('have ids as the server wants them', () => {
    expect(['ann', 'x'.repeat(128), 'é 李'].every(isUserId)).toBe(true);
    expect(['', ' ann', 'x'.repeat(129), 'a\nb', '\ud800'].some(isUserId)).toBe(false);
  });
});

describe('coming back', () => {
  it('is of no use when one is not believed, or said too much', () => {
    expect([1000, 1006, 1012, 4400, 4408, 4429].every(mayReturn)).toBe(true);
    expect([1009, 4401].some(mayReturn)).toBe(false);
  });

  it('waits as long as the close says', () => {
    expect(askedDelay('too many; afterMs=1500')).toBe(1500);
    expect(askedDelay('')).toBeUndefined();
  });

  it('waits about a second at first, longer later, never beyond a quarter of a minute', () => {
    expect([backOff(0, 0), backOff(0, 1), backOff(2, 1), backOff(50, 1)]).toEqual([500, 1000, 4000, 15000]);
  });
});

describe('rows', () => {
  const items = [message(5), message(6, { senderId: 'ann', clientId: 'c1' })];
  const waiting = {
    clientId: 'c2',
    conversationId: 'x',
    text: 'hi',
    createdAt: '',
    state: 'pending',
  } as const;
  const rows = { items, outgoing: [waiting], meId: 'ann' };

  it('are the messages, then what is on its way', () => {
    expect([0, 1, 2].map((at) => entryAt(rows, at)?.text)).toEqual(['text 5', 'text 6', 'hi']);
    expect(entryAt(rows, 3)).toBeUndefined();
  });

  it('keep their key when what was on its way arrives', () => {
    const arrived = {
      ...rows,
      items: [...items, message(7, { senderId: 'ann', clientId: 'c2' })],
      outgoing: [],
    };
    expect(entryAt(arrived, 2)?.key).toBe(entryAt(rows, 2)?.key);
  });

  it('keep their index when older or newer ones come', () => {
    expect(firstIndex(items)).toBe(5);
    expect(firstIndex([message(4), ...items])).toBe(4);
    expect(firstIndex([...items, message(7)])).toBe(5);
    expect(firstIndex([])).toBe(1);
  });

  it('begin to be new after a seq, if that is loaded', () => {
    expect(firstAfter(items, 5)).toBe(1);
    expect(firstAfter(items, 4)).toBe(0);
    expect(firstAfter(items, 3)).toBe(-1);
    expect(firstAfter(items, 6)).toBe(-1);
  });
});
