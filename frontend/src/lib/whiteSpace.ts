/** White space by the contract: Unicode's White_Space and U+FEFF. `\s` covers all of it except U+0085. */

export function trim(text: string): string {
  return text.replace(/^[\s\u0085]+/u, '').replace(/[\s\u0085]+$/u, '');
}

/** Whether the server rejects the text as empty. */
export function isBlank(text: string): boolean {
  return !/[^\s\u0085]/u.test(text);
}
