/** Whether and when to reconnect after a close. */

const MAX_BACKOFF_MS = 15_000;

/**
 * Not after 4401 (authentication failed) or 1009 (message too big): the next attempt would end the same way.
 */
export function shouldReconnect(code: number): boolean {
  return code !== 4401 && code !== 1009;
}

/** Parses the delay from a close reason `afterMs=<n>`. */
export function requestedDelayMs(reason: string): number | undefined {
  const match = /\bafterMs=(\d+)/.exec(reason);
  return match ? Number(match[1]) : undefined;
}

/**
 * Exponential back-off from 1 s with jitter, so that clients of a lost gateway do not return all at once.
 * `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  return Math.min(MAX_BACKOFF_MS, 1000 * 2 ** attempt) * (0.5 + random / 2);
}
