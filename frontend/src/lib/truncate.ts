const graphemes = new Intl.Segmenter();

/** Cuts a text to at most `max` UTF-16 units, between graphemes. Keeps a first grapheme that is longer. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  let end = 0;
  for (const { index, segment } of graphemes.segment(text)) {
    if (end > 0 && index + segment.length > max) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}
