/** Dates and times in the browser's language and time zone, and the grouping of messages by time. */
import { differenceInCalendarDays, differenceInMinutes, formatISO, isSameDay, isSameYear } from 'date-fns';

const GROUP_MINUTES = 5;

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

/** Formatters keep the time zone of their creation, so they are renewed. */
const FORMATTER_TTL_MS = 30_000;

const formatters = new Map<string, Intl.DateTimeFormat>();
let formattersCreatedAt = -Infinity;

function format(date: Date, style: keyof typeof STYLES): string {
  if (Math.abs(Date.now() - formattersCreatedAt) > FORMATTER_TTL_MS) {
    formatters.clear();
    formattersCreatedAt = Date.now();
  }
  const { language } = navigator;
  const key = `${style} ${language}`;
  const formatter = formatters.get(key) ?? new Intl.DateTimeFormat(language, STYLES[style]);
  formatters.set(key, formatter);
  return formatter.format(date);
}

/** "Today" for 0, "Yesterday" for 1. */
function relativeDay(daysAgo: number): string {
  const { language } = navigator;
  const day = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-daysAgo, 'day');
  const [first = ''] = day;
  return first.toLocaleUpperCase(language) + day.slice(first.length);
}

export interface Dated {
  senderId: string;
  createdAt: string;
}

export function dayLabel(iso: string, now: Date): string {
  const day = new Date(iso);
  const daysAgo = differenceInCalendarDays(now, day);
  if (daysAgo === 0 || daysAgo === 1) return relativeDay(daysAgo);
  if (daysAgo > 1 && daysAgo < 7) return format(day, 'weekday');
  return format(day, isSameYear(day, now) ? 'day' : 'date');
}

export function timeLabel(iso: string): string {
  return format(new Date(iso), 'time');
}

/** Date and time in full. */
export function fullLabel(iso: string): string {
  return format(new Date(iso), 'full');
}

/** The local date for HTML's `datetime`: `2026-01-05`. */
export function isoDate(iso: string): string {
  return formatISO(new Date(iso), { representation: 'date' });
}

/** Short label for lists: the time today, else the day. */
export function shortLabel(iso: string, now: Date): string {
  const day = new Date(iso);
  const daysAgo = differenceInCalendarDays(now, day);
  if (daysAgo === 0) return timeLabel(iso);
  if (daysAgo === 1) return relativeDay(daysAgo);
  if (daysAgo > 1 && daysAgo < 7) return format(day, 'shortWeekday');
  return format(day, isSameYear(day, now) ? 'shortDay' : 'shortDate');
}

export function startsDay(message: Dated, previous: Dated | undefined): boolean {
  return !previous || !isSameDay(new Date(previous.createdAt), new Date(message.createdAt));
}

/**
 * Whether two adjacent messages are shown as one group: same sender and day, less than GROUP_MINUTES apart.
 */
export function isSameGroup(previous: Dated | undefined, next: Dated | undefined): boolean {
  if (!previous || !next || previous.senderId !== next.senderId || startsDay(next, previous)) return false;
  return differenceInMinutes(new Date(next.createdAt), new Date(previous.createdAt)) < GROUP_MINUTES;
}
