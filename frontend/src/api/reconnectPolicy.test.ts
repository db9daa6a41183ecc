import { describe, expect, it } from 'vitest';
import { requestedDelayMs, backoffMs, shouldReconnect } from './reconnectPolicy';

describe('coming back', () => {
  it('is of no use when one is not believed, or said too much', () => {
    expect([1000, 1006, 1012, 4400, 4408, 4429].every(shouldReconnect)).toBe(true);
    expect([1009, 4401].some(shouldReconnect)).toBe(false);
  });

  it('waits as long as the close says', () => {
    expect(requestedDelayMs('too many; afterMs=1500')).toBe(1500);
    expect(requestedDelayMs('')).toBeUndefined();
  });

  it('waits about a second at first, longer later, never beyond a quarter of a minute', () => {
    expect([backoffMs(0, 0), backoffMs(0, 1), backoffMs(2, 1), backoffMs(50, 1)]).toEqual([
      500, 1000, 4000, 15000,
    ]);
  });
});
