/** Text as it is shown: plain pieces and links. Never HTML. */
import { LinkifyIt } from 'linkify-it';

export interface Piece {
  text: string;
  href?: string;
}

const linkify = new LinkifyIt().add('ftp:', null).add('//', null);

export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const link of linkify.match(text) ?? []) {
    if (link.index > end) found.push({ text: text.slice(end, link.index) });
    found.push({ text: link.raw, href: link.url });
    end = link.lastIndex;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

const ONLY_EMOJI = /^(?:\p{RGI_Emoji}\s*){1,3}$/v;

/** One to three emoji and nothing else: shown large. */
export function isOnlyEmoji(text: string): boolean {
  return text.length <= 64 && ONLY_EMOJI.test(text.trim());
}

/** Whether it holds controls that turn the direction of what follows. */
export function isTurned(text: string): boolean {
  return /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(text);
}

const LONG = 1_200;
const LONG_LINES = 24;

/** Shown folded, with a button to unfold it. */
export function isLong(text: string): boolean {
  return text.length > LONG || text.split('\n', LONG_LINES + 1).length > LONG_LINES;
}

/** In code points, as the server counts. */
export const LONGEST_TEXT = 8_000;

export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
