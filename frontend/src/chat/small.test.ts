import { describe, expect, it, vi } from 'vitest';
import { message } from '../test/builders';
import { areTogether, clock, dateOf, dayLabel, fullLabel, shortLabel, startsDay } from './days';
import { hueOf, initials, isUserId } from './people';
import { askedDelay, backOff, mayReturn } from './reconnect';
import { entryOf, firstAfter, firstIndex, keyOf, startOf } from './rows';
import { endsTurned, isLong, isOnlyEmoji, lengthOf, pieces } from './text';

const links = (text: string) => pieces(text).flatMap(({ href }) => href ?? []);
const on = (day: number, hour = 9, minute = 0) => new Date(2026, 0, day, hour, minute).toISOString();
const read = (language: string) => vi.spyOn(navigator, 'language', 'get').mockReturnValue(language);
const keyWith = (over: Parameters<typeof message>[1]) => keyOf(message(1, over), 'k');
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

  it.each([
    ['www.debian.org', 'http://www.debian.org'],
    ['(see www.boats.rs/a?b=c)', 'http://www.boats.rs/a?b=c'],
    ['github.com/x, please', 'http://github.com/x'],
    ['Read example.co.uk.', 'http://example.co.uk'],
    ['https://www.parley.example', 'https://www.parley.example'],
  ])('are found without a scheme: %s', (text, href) => {
    expect(links(text)).toEqual([href]);
  });

  it.each([
    'a.b',
    'user.name',
    'main.rs and lib.so',
    'README.md',
    'setup.py, run.sh, index.pl',
    'Makefile.in, configure.ac',
    'logo.ai in Safari.app',
    'Done.So it goes.It works',
    'e.g. i.e. v1.2.3 10.0.0.1',
    'www. www.example',
    'std::io.read obj.method()',
  ])('are not made of what only looks like one: %s', (text) => {
    expect(links(text)).toEqual([]);
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

  it('ends from right to left when its last line does', () => {
    expect(['שלום, ann!', 'hello\nשלום', '1. مرحبا\n', '\u202egnp.exe'].every(endsTurned)).toBe(true);
    expect(['hello, שלום!', 'שלום\nhello', '42', ''].some(endsTurned)).toBe(false);
  });

  it('is folded when it is long or has many lines', () => {
    expect(isLong('x'.repeat(8000))).toBe(true);
    expect(isLong('\n'.repeat(30))).toBe(true);
    expect(isLong('Lunch?')).toBe(false);
  });
});

describe('days', () => {
  const now = new Date(2026, 0, 15, 12);

  const label = (day: number) => dayLabel(on(day), now);

  it('are named as people name them', () => {
    read('en-GB');
    expect([15, 14, 13, 5].map(label)).toEqual(['Today', 'Yesterday', 'Tuesday', 'Monday 5 January']);
    expect(dayLabel(new Date(2024, 4, 1).toISOString(), now)).toBe('1 May 2024');
  });

  it('are shorter in a list', () => {
    read('en-GB');
    expect([15, 14, 13, 5].map((day) => shortLabel(on(day), now))).toEqual([
      '09:00',
      'Yesterday',
      'Tue',
      '5 Jan',
    ]);
  });

  it("are written in the browser's language, with its hour cycle", () => {
    read('en-US');
    expect(label(5)).toBe('Monday, January 5');
    expect(clock(on(15, 21))).toMatch(/^9:00\sPM$/);
    read('de');
    expect([label(15), label(14), label(5), clock(on(15, 21))]).toEqual([
      'Heute',
      'Gestern',
      'Montag, 5. Januar',
      '21:00',
    ]);
    expect(fullLabel(on(5, 21))).toBe('Montag, 5. Januar 2026 um 21:00');
  });

  it("are the reader's own: another time zone has another day and another time", () => {
    read('en-GB');
    vi.useFakeTimers({ now });
    const late = '2026-01-14T23:30:00.000Z';
    const zone = (name: string) => {
      vi.stubEnv('TZ', name);
      vi.advanceTimersByTime(60_000);
      return [dateOf(late), clock(late)];
    };
    expect(zone('Europe/London')).toEqual(['2026-01-14', '23:30']);
    expect(zone('Europe/Berlin')).toEqual(['2026-01-15', '00:30']);
    vi.unstubAllEnvs();
    vi.useRealTimers();
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

  it('are made of messages, and of what is on its way', () => {
    expect(entryOf(items[0]!, 'ann')).toMatchObject({ senderId: 'bob', text: 'text 5', message: items[0] });
    expect(entryOf(waiting, 'ann')).toMatchObject({ senderId: 'ann', text: 'hi', outgoing: waiting });
  });

  it('keep their key when what was on its way arrives', () => {
    expect(keyOf(message(7, { senderId: 'ann', clientId: 'c2' }), 'ann')).toBe(keyOf(waiting, 'ann'));
  });

  it('have different keys, whatever is in their ids', () => {
    const keys = [
      keyWith({ senderId: 'k', clientId: 'x/1' }),
      keyWith({ senderId: 'k/x', clientId: '1' }),
      keyWith({ senderId: 'k', clientId: '","1' }),
      keyWith({ senderId: 'k","', clientId: '1' }),
      keyWith({ senderId: 'k', id: 'm' }),
      keyWith({ senderId: 'k', clientId: 'm' }),
      keyWith({ senderId: '', clientId: 'km' }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('keep their index when older or newer ones come', () => {
    expect(firstIndex(items)).toBe(5);
    expect(firstIndex([message(4), ...items])).toBe(4);
    expect(firstIndex([...items, message(7)])).toBe(5);
    expect(firstIndex([])).toBe(1);
  });

  it('open where they were left, where the unread ones begin, or at the end', () => {
    expect(startOf(items, undefined, null)).toBeNull();
    expect(startOf(items, undefined, 6)).toBeNull();
    expect(startOf(items, undefined, 5)).toEqual({ seq: 6, offset: 96 });
    expect(startOf(items, undefined, 2)).toEqual({ seq: 5, offset: 0 });
    expect(startOf(items, { seq: 6, offset: -7 }, 4)).toEqual({ seq: 6, offset: -7 });
    expect(startOf(items, { seq: 3, offset: 0 }, 5)).toBeNull();
  });

  it('begin to be new after a seq, if that is loaded', () => {
    expect(firstAfter(items, 5)).toBe(1);
    expect(firstAfter(items, 4)).toBe(0);
    expect(firstAfter(items, 3)).toBe(-1);
    expect(firstAfter(items, 6)).toBe(-1);
  });
});
