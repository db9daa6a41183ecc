import { describe, expect, it } from 'vitest';
import { accessToken } from '../test/builders';
import { IssuerError } from './IssuerError';
import { tokensOf, userIdOf } from './tokens';

describe('the user of an access token', () => {
  it('is the configured claim, in any script', () => {
    expect(userIdOf(accessToken({ sub: '7', login: 'Zoë 👀' }), 'login')).toBe('Zoë 👀');
  });

  it.each([
    ['no JWT', 'opaque'],
    ['no JSON', `a.${btoa('{')}.b`],
    ['no object', `a.${btoa('null')}.b`],
    ['without the claim', accessToken({})],
    ['a number', accessToken({ sub: 7 })],
    ['no user id', accessToken({ sub: ' ann' })],
  ])('is refused if the token is %s', (_, token) => {
    expect(() => userIdOf(token, 'sub')).toThrow(new IssuerError('failed', undefined).message);
  });
});

describe('tokens', () => {
  const first = {
    access_token: accessToken({ sub: 'ann' }),
    refresh_token: 'r1',
    id_token: 'i1',
    expires_in: 60,
  };

  it("expire by this device's clock, whatever time the issuer has", () => {
    expect(tokensOf(first, 'sub', 1_000)).toMatchObject({
      userId: 'ann',
      issuedAt: 1_000,
      expiresAt: 61_000,
    });
  });

  it('keep what a renewal leaves out', () => {
    const renewed = tokensOf(
      { access_token: first.access_token },
      'sub',
      2_000,
      tokensOf(first, 'sub', 1_000),
    );
    expect(renewed).toMatchObject({ refreshToken: 'r1', idToken: 'i1' });
    expect(renewed.expiresAt).toBeUndefined();
  });

  it('replace what a renewal contains', () => {
    const renewal = { ...first, refresh_token: 'r2', id_token: 'i2' };
    expect(tokensOf(renewal, 'sub', 2_000, tokensOf(first, 'sub', 1_000))).toMatchObject({
      refreshToken: 'r2',
      idToken: 'i2',
    });
  });
});
