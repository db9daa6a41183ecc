/** Message text: links, emoji, direction and length. Never produces HTML. */
import { LinkifyIt } from 'linkify-it';

export interface Segment {
  text: string;
  href?: string;
}

/**
 * Top-level domains that make a bare domain a link. Excludes file extensions (`main.rs`, `README.md`,
 * `setup.py`, `run.sh`, `logo.ai`, `Safari.app`) and words after a full stop without a space (`Done.So`,
 * `ok.It`). After `www.` or `https://` every domain is a link.
 */
const BARE_DOMAINS = (
  'com org net edu gov mil int info biz dev io eu ' +
  'ar au br ca ch cl cn cz de dk es fi fr gr hk hu ie il jp kr lt lu lv mx nl nz pt ro ru se sg si sk tr tw ua uk za ' +
  'xn--p1ai рф'
).split(' ');

const linkify = new LinkifyIt({ fuzzyLink: true })
  .tlds(BARE_DOMAINS)
  .add('ftp:', null)
  .add('//', null)
  .add('www.', {
    validate: (text, at, { re }) => {
      const domain = re.get_relative_proto_validator();
      domain.lastIndex = at;
      return domain.exec(text)?.[0].length ?? 0;
    },
    normalize: (match) => void (match.url = `http://${match.raw}`),
  });

export function linkSegments(text: string): Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  for (const link of linkify.match(text) ?? []) {
    if (link.index > end) segments.push({ text: text.slice(end, link.index) });
    segments.push({ text: link.raw, href: link.url });
    end = link.lastIndex;
  }
  if (end < text.length) segments.push({ text: text.slice(end) });
  return segments;
}

const ONLY_EMOJI = /^(?:\p{RGI_Emoji}\s*){1,3}$/v;

/** Whether a text is one to three emoji and nothing else, and so shown large. */
export function isOnlyEmoji(text: string): boolean {
  return text.length <= 64 && ONLY_EMOJI.test(text.trim());
}

const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/**
 * Whether the last line may end at the left: it runs right to left, or the text has bidirectional controls.
 */
export function endsRightToLeft(text: string): boolean {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  const [letter = ''] = /\p{L}/u.exec(line) ?? [];
  return BIDI_CONTROLS.test(text) || RIGHT_TO_LEFT.test(letter);
}

const COLLAPSE_LENGTH = 1_200;
const COLLAPSE_LINES = 24;

/** Whether a text is long enough to be collapsed. */
export function isCollapsible(text: string): boolean {
  return text.length > COLLAPSE_LENGTH || text.split('\n', COLLAPSE_LINES + 1).length > COLLAPSE_LINES;
}

/** In code points, the server's unit. */
export const MAX_TEXT_LENGTH = 8_000;

export function codePointCount(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
