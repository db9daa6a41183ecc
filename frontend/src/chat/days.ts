/** Days, times and which messages belong together. */
import { differenceInCalendarDays, differenceInMinutes, isSameDay, isSameYear } from 'date-fns';
import { strings } from '../lib/strings';

const TOGETHER_MINUTES = 5;

/** The browser knows how dates are written. */
const written = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', options);
const weekday = written({ weekday: 'long' });
const shortWeekday = written({ weekday: 'short' });
const dayOfYear = written({ day: 'numeric', month: 'long' });
const shortDayOfYear = written({ day: 'numeric', month: 'short' });
const date = written({ day: 'numeric', month: 'long', year: 'numeric' });
const shortDate = written({ day: '2-digit', month: '2-digit', year: '2-digit' });
const time = written({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

export interface Spoken {
  senderId: string;
  createdAt: string;
}

export function dayLabel(iso: string, now: Date): string {
  const day = new Date(iso);
  const ago = differenceInCalendarDays(now, day);
  if (ago === 0) return strings.day.today;
  if (ago === 1) return strings.day.yesterday;
  if (ago > 1 && ago < 7) return weekday.format(day);
  return isSameYear(day, now) ? `${weekday.format(day)}, ${dayOfYear.format(day)}` : date.format(day);
}

export function clock(iso: string): string {
  return time.format(new Date(iso));
}

/** As short as a list wants it: the time today, else the day. */
export function shortLabel(iso: string, now: Date): string {
  const day = new Date(iso);
  const ago = differenceInCalendarDays(now, day);
  if (ago === 0) return clock(iso);
  if (ago === 1) return strings.day.yesterday;
  if (ago > 1 && ago < 7) return shortWeekday.format(day);
  return (isSameYear(day, now) ? shortDayOfYear : shortDate).format(day);
}

export function startsDay(message: Spoken, before: Spoken | undefined): boolean {
  return !before || !isSameDay(new Date(before.createdAt), new Date(message.createdAt));
}

/** Whether two that follow one another are shown as one turn of one speaker. */
export function areTogether(before: Spoken | undefined, after: Spoken | undefined): boolean {
  if (!before || !after || before.senderId !== after.senderId || startsDay(after, before)) return false;
  return differenceInMinutes(new Date(after.createdAt), new Date(before.createdAt)) < TOGETHER_MINUTES;
}
