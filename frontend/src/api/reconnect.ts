/** When to dial again. */

const LONGEST = 15_000;

/** 4401: who the caller says to be is not believed. 1009: what was sent is too long. Again would be the same. */
export function mayReturn(code: number): boolean {
  return code !== 4401 && code !== 1009;
}

/** The delay that a close asks for in its reason, `afterMs=<n>`. */
export function askedDelay(reason: string): number | undefined {
  const found = /\bafterMs=(\d+)/.exec(reason);
  return found ? Number(found[1]) : undefined;
}

/** About a second at first, then longer; by chance, so that all who lost a server do not come back at once. */
export function backOff(attempt: number, chance: number): number {
  return Math.min(LONGEST, 1000 * 2 ** attempt) * (0.5 + chance / 2);
}
