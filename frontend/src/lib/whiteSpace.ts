/** The contract's rule for white space: Unicode's White_Space and U+FEFF. `trim` knows all of it but U+0085. */

export function trim(text: string): string {
  return text.replace(/^[\s\u0085]+/u, '').replace(/[\s\u0085]+$/u, '');
}

/** Whether the server refuses the text because there is nothing in it. */
export function isBlank(text: string): boolean {
  return !/[^\s\u0085]/u.test(text);
}
