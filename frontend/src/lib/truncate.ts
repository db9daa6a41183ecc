const graphemes = new Intl.Segmenter();

/** The first `max` UTF-16 units of a text, or fewer: the cut falls between graphemes. One that is longer is kept. */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  let end = 0;
  for (const { index, segment } of graphemes.segment(text)) {
    if (end > 0 && index + segment.length > max) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}
