/** Avatars: a user's initials on a colour derived from the id. */

/** In degrees of oklch, chosen to be distinct and clear. */
const HUES = [8, 24, 42, 60, 80, 128, 146, 164, 184, 206, 228, 250, 272, 294, 318, 340] as const;

/** First letters of the first and the last word. */
export function initials(userId: string): string {
  const words = userId.split(/[\s._@-]+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [userId];
  return letters
    .map((word) => firstGrapheme(word ?? ''))
    .join('')
    .toUpperCase();
}

function firstGrapheme(word: string): string {
  const [first] = new Intl.Segmenter().segment(word);
  return first?.segment ?? '';
}

/** In degrees, stable for a user id (FNV-1a, folded). */
export function avatarHue(userId: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(userId)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return HUES[((hash ^ (hash >>> 15)) >>> 0) % HUES.length]!;
}
