/** When to dial again. */

const MAX_BACKOFF_MS = 15_000;

/** 4401: who the caller says to be is not believed. 1009: what was sent is too long. Again would be the same. */
export function shouldReconnect(code: number): boolean {
  return code !== 4401 && code !== 1009;
}

/** The delay that a close asks for in its reason, `afterMs=<n>`. */
export function requestedDelayMs(reason: string): number | undefined {
  const match = /\bafterMs=(\d+)/.exec(reason);
  return match ? Number(match[1]) : undefined;
}

/** About a second at first, then longer; by chance, so that all who lost a server do not come back at once. */
export function backoffMs(attempt: number, random: number): number {
  return Math.min(MAX_BACKOFF_MS, 1000 * 2 ** attempt) * (0.5 + random / 2);
}
