import { describe, expect, it } from 'vitest';
import { avatarHue, initials, isUserId } from './avatar';

describe('people', () => {
  it('have the initials of their first and last word', () => {
    expect(['ann', 'Jonas Berg', 'ops-on-call', '李雷', '👩‍👩‍👧 x'].map(initials)).toEqual([
      'A',
      'JB',
      'OC',
      '李',
      '👩‍👩‍👧X',
    ]);
  });

  it('have a colour of their own', () => {
    expect(avatarHue('ann')).toBe(avatarHue('ann'));
    expect(new Set(['ann', 'bob', 'cleo', 'dan'].map(avatarHue)).size).toBe(4);
  });

  it('have ids as the server wants them', () => {
    expect(['ann', 'x'.repeat(128), 'é 李'].every(isUserId)).toBe(true);
    expect(['', ' ann', 'x'.repeat(129), 'a\nb', '\ud800'].some(isUserId)).toBe(false);
  });
});
