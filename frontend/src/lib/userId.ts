import { trim } from './whiteSpace';

/** The server's rule for user ids: 1–128 code points, no control characters, no white space at the ends. */
export function isUserId(text: string): boolean {
  return text === trim(text) && /^\P{Cc}{1,128}$/u.test(text) && text.isWellFormed();
}
