import { describe, expect, it } from 'vitest';
import { requestedDelayMs, backoffMs, shouldReconnect } from './reconnectPolicy';

describe('the reconnect policy', () => {
  it('gives up after failed authentication and oversized messages', () => {
    expect([1000, 1006, 1012, 4400, 4408, 4429].every(shouldReconnect)).toBe(true);
    expect([1009, 4401].some(shouldReconnect)).toBe(false);
  });

  it('parses the delay from a close reason', () => {
    expect(requestedDelayMs('too many; afterMs=1500')).toBe(1500);
    expect(requestedDelayMs('')).toBeUndefined();
  });

  it('backs off from one second to fifteen', () => {
    expect([backoffMs(0, 0), backoffMs(0, 1), backoffMs(2, 1), backoffMs(50, 1)]).toEqual([
      500, 1000, 4000, 15000,
    ]);
  });
});
