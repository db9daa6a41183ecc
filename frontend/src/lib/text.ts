/** Text as it is shown: plain pieces and links. Never HTML. */
import { LinkifyIt } from 'linkify-it';

export interface Piece {
  text: string;
  href?: string;
}

/**
 * A bare domain is a link if it ends in one of these. Left out are endings that files have (`main.rs`,
 * `README.md`, `setup.py`, `run.sh`, `logo.ai`, `Safari.app`), and words that follow a full stop without a
 * space (`Done.So`, `ok.It`). With `www.` or `https://` each domain is one.
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

const CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/**
 * Whether the last line may end at the left, where others begin: it runs from right to left, or there are
 * controls that turn the direction of what follows.
 */
export function endsTurned(text: string): boolean {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  const [letter = ''] = /\p{L}/u.exec(line) ?? [];
  return CONTROLS.test(text) || RIGHT_TO_LEFT.test(letter);
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
