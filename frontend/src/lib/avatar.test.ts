import { describe, expect, it } from 'vitest';
import { avatarHue, initials } from './avatar';

describe('an avatar', () => {
  it('shows the initials of the first and last word', () => {
    expect(['ann', 'Jonas Berg', 'ops-on-call', '李雷', '👩‍👩‍👧 x'].map(initials)).toEqual([
      'A',
      'JB',
      'OC',
      '李',
      '👩‍👩‍👧X',
    ]);
  });

  it('has a stable colour per user', () => {
    expect(avatarHue('ann')).toBe(avatarHue('ann'));
    expect(new Set(['ann', 'bob', 'cleo', 'dan'].map(avatarHue)).size).toBe(4);
  });
});
