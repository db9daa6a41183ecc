import { expect, it } from 'vitest';
import { isUserId } from './userId';

it('follows the rule of the server', () => {
  expect(['ann', 'x'.repeat(128), 'é 李'].every(isUserId)).toBe(true);
  expect(['', ' ann', 'x'.repeat(129), 'a\nb', '\ud800'].some(isUserId)).toBe(false);
});
