import { describe, expect, it } from 'vitest';
import { askedDelay, backOff, mayReturn } from './reconnect';

describe('coming back', () => {
  it('is of no use when one is not believed, or said too much', () => {
    expect([1000, 1006, 1012, 4400, 4408, 4429].every(mayReturn)).toBe(true);
    expect([1009, 4401].some(mayReturn)).toBe(false);
  });

  it('waits as long as the close says', () => {
    expect(askedDelay('too many; afterMs=1500')).toBe(1500);
    expect(askedDelay('')).toBeUndefined();
  });

  it('waits about a second at first, longer later, never beyond a quarter of a minute', () => {
    expect([backOff(0, 0), backOff(0, 1), backOff(2, 1), backOff(50, 1)]).toEqual([500, 1000, 4000, 15000]);
  });
});
