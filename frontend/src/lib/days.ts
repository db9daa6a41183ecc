/** Days, times and which messages belong together; written as the browser's language and region write them. */
import { differenceInCalendarDays, differenceInMinutes, formatISO, isSameDay, isSameYear } from 'date-fns';

const TOGETHER_MINUTES = 5;

const STYLES = {
  weekday: { weekday: 'long' },
  shortWeekday: { weekday: 'short' },
  day: { weekday: 'long', day: 'numeric', month: 'long' },
  shortDay: { day: 'numeric', month: 'short' },
  date: { day: 'numeric', month: 'long', year: 'numeric' },
  shortDate: { day: '2-digit', month: '2-digit', year: '2-digit' },
  time: { timeStyle: 'short' },
  full: { dateStyle: 'full', timeStyle: 'short' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** In milliseconds: a formatter keeps the time zone of its creation. */
const KEPT = 30_000;

const formatters = new Map<string, Intl.DateTimeFormat>();
let madeAt = -Infinity;

function written(date: Date, style: keyof typeof STYLES): string {
  if (Math.abs(Date.now() - madeAt) > KEPT) {
    formatters.clear();
    madeAt = Date.now();
  }
  const { language } = navigator;
  const key = `${style} ${language}`;
  const formatter = formatters.get(key) ?? new Intl.DateTimeFormat(language, STYLES[style]);
  formatters.set(key, formatter);
  return formatter.format(date);
}

/** "Today" and "Yesterday", for 0 and 1. */
function relative(daysAgo: number): string {
  const { language } = navigator;
  const day = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-daysAgo, 'day');
  const [first = ''] = day;
  return first.toLocaleUpperCase(language) + day.slice(first.length);
}

export interface Spoken {
  senderId: string;
  createdAt: string;
}

export function dayLabel(iso: string, now: Date): string {
  const day = new Date(iso);
  const ago = differenceInCalendarDays(now, day);
  if (ago === 0 || ago === 1) return relative(ago);
  if (ago > 1 && ago < 7) return written(day, 'weekday');
  return written(day, isSameYear(day, now) ? 'day' : 'date');
}

export function clock(iso: string): string {
  return written(new Date(iso), 'time');
}

/** Date and time in full. */
export function fullLabel(iso: string): string {
  return written(new Date(iso), 'full');
}

/** The reader's day, as HTML wants it: `2026-01-05`. */
export function dateOf(iso: string): string {
  return formatISO(new Date(iso), { representation: 'date' });
}

/** As short as a list wants it: the time today, else the day. */
export function shortLabel(iso: string, now: Date): string {
  const day = new Date(iso);
  const ago = differenceInCalendarDays(now, day);
  if (ago === 0) return clock(iso);
  if (ago === 1) return relative(ago);
  if (ago > 1 && ago < 7) return written(day, 'shortWeekday');
  return written(day, isSameYear(day, now) ? 'shortDay' : 'shortDate');
}

export function startsDay(message: Spoken, before: Spoken | undefined): boolean {
  return !before || !isSameDay(new Date(before.createdAt), new Date(message.createdAt));
}

/** Whether two that follow one another are shown as one turn of one speaker. */
export function areTogether(before: Spoken | undefined, after: Spoken | undefined): boolean {
  if (!before || !after || before.senderId !== after.senderId || startsDay(after, before)) return false;
  return differenceInMinutes(new Date(after.createdAt), new Date(before.createdAt)) < TOGETHER_MINUTES;
}
