import { describe, expect, it, vi } from 'vitest';
import { isSameGroup, timeLabel, isoDate, dayLabel, fullLabel, shortLabel, startsDay } from './dates';

const on = (day: number, hour = 9, minute = 0) => new Date(2026, 0, day, hour, minute).toISOString();
const useLanguage = (language: string) => vi.spyOn(navigator, 'language', 'get').mockReturnValue(language);
const sent = (senderId: string, createdAt: string) => ({ senderId, createdAt });

describe('days', () => {
  const now = new Date(2026, 0, 15, 12);

  const label = (day: number) => dayLabel(on(day), now);

  it('are named relative to today', () => {
    useLanguage('en-GB');
    expect([15, 14, 13, 5].map(label)).toEqual(['Today', 'Yesterday', 'Tuesday', 'Monday 5 January']);
    expect(dayLabel(new Date(2024, 4, 1).toISOString(), now)).toBe('1 May 2024');
  });

  it('have short labels for lists', () => {
    useLanguage('en-GB');
    expect([15, 14, 13, 5].map((day) => shortLabel(on(day), now))).toEqual([
      '09:00',
      'Yesterday',
      'Tue',
      '5 Jan',
    ]);
  });

  it("are written in the browser's language, with its hour cycle", () => {
    useLanguage('en-US');
    expect(label(5)).toBe('Monday, January 5');
    expect(timeLabel(on(15, 21))).toMatch(/^9:00\sPM$/);
    useLanguage('de');
    expect([label(15), label(14), label(5), timeLabel(on(15, 21))]).toEqual([
      'Heute',
      'Gestern',
      'Montag, 5. Januar',
      '21:00',
    ]);
    expect(fullLabel(on(5, 21))).toBe('Montag, 5. Januar 2026 um 21:00');
  });

  it('follow the local time zone', () => {
    useLanguage('en-GB');
    vi.useFakeTimers({ now });
    const late = '2026-01-14T23:30:00.000Z';
    const zone = (name: string) => {
      vi.stubEnv('TZ', name);
      vi.advanceTimersByTime(60_000);
      return [isoDate(late), timeLabel(late)];
    };
    expect(zone('Europe/London')).toEqual(['2026-01-14', '23:30']);
    expect(zone('Europe/Berlin')).toEqual(['2026-01-15', '00:30']);
    vi.unstubAllEnvs();
    vi.useRealTimers();
  });

  it('start with their first message', () => {
    expect(startsDay(sent('bob', on(15)), undefined)).toBe(true);
    expect(startsDay(sent('bob', on(15)), sent('bob', on(14)))).toBe(true);
    expect(startsDay(sent('bob', on(15, 10)), sent('bob', on(15, 9)))).toBe(false);
  });

  it('group messages of one sender within five minutes', () => {
    const first = sent('bob', on(15, 9, 0));
    expect(isSameGroup(first, sent('bob', on(15, 9, 4)))).toBe(true);
    expect(isSameGroup(first, sent('bob', on(15, 9, 5)))).toBe(false);
    expect(isSameGroup(first, sent('ann', on(15, 9, 1)))).toBe(false);
  });
});
