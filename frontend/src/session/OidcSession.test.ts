import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { accessToken } from '../test/builders';
import { IssuerError } from './IssuerError';
import { OidcSession } from './OidcSession';
import type { Tokens } from './tokens';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const ann = (over: Partial<Tokens> = {}): Tokens => ({
  userId: 'ann',
  accessToken: accessToken({ sub: 'ann', at: Date.now() }),
  refreshToken: 'refresh',
  issuedAt: Date.now(),
  expiresAt: Date.now() + 600_000,
  ...over,
});

function start(tokens = ann()) {
  const refresh = vi.fn(async () => ann());
  const [onTokens, onIssuerAway, onEnd, onRenewed] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()];
  const session = new OidcSession({ tokens, refresh, onTokens, onIssuerAway, onEnd });
  session.onRenewed(onRenewed);
  return { session, refresh, onTokens, onIssuerAway, onEnd, onRenewed };
}

const away = new IssuerError('unreachable', 'down');

describe('a token', () => {
  it('is renewed a minute before it expires, again and again', async () => {
    const { refresh, onRenewed, session } = start();
    await vi.advanceTimersByTimeAsync(539_000);
    expect(refresh).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(onRenewed.mock.calls).toEqual([[session.token]]);
    await vi.advanceTimersByTimeAsync(541_000);
    expect(refresh).toHaveBeenCalledTimes(2);
  });

  it('of a short life is renewed after three quarters of it', async () => {
    const { refresh } = start(ann({ expiresAt: Date.now() + 8_000 }));
    await vi.advanceTimersByTimeAsync(5_900);
    expect(refresh).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(refresh).toHaveBeenCalledTimes(1);
  });

  it('that expired while the page was closed is renewed at once', async () => {
    const { refresh } = start(ann({ expiresAt: Date.now() - 1 }));
    await vi.advanceTimersByTimeAsync(0);
    expect(refresh).toHaveBeenCalledTimes(1);
  });

  it('rejected by several calls is renewed once', async () => {
    const { session, refresh } = start();
    const rejected = session.token;
    await vi.advanceTimersByTimeAsync(1);
    expect(await Promise.all([session.renew(rejected), session.renew(rejected)])).toEqual([true, true]);
    expect(await session.renew(rejected)).toBe(true);
    expect(refresh).toHaveBeenCalledTimes(1);
  });

  it('without a refresh token ends the session when it is rejected', async () => {
    const { refreshToken: _, ...tokens } = ann();
    const { session, onEnd } = start(tokens);
    expect(await session.renew(session.token)).toBe(false);
    expect(onEnd.mock.calls).toEqual([['ended']]);
  });
});

describe('while the issuer is away', () => {
  it('renewal goes on until it is back, and the outage is reported', async () => {
    const { session, refresh, onIssuerAway, onEnd } = start();
    refresh.mockRejectedValueOnce(away).mockRejectedValueOnce(new TypeError('the code could not be loaded'));
    const renewal = session.renew(session.token);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await renewal).toBe(true);
    expect(onIssuerAway.mock.calls).toEqual([[true], [true], [false]]);
    expect(onEnd).not.toHaveBeenCalled();
  });

  it('a retry skips the delay', async () => {
    const { session, refresh } = start();
    refresh.mockRejectedValueOnce(away);
    const renewal = session.renew(session.token);
    await vi.advanceTimersByTimeAsync(0);
    session.retryNow();
    expect(await renewal).toBe(true);
  });

  it('stopping ends renewal', async () => {
    const { session, refresh, onEnd } = start();
    refresh.mockRejectedValue(away);
    const renewal = session.renew(session.token);
    await vi.advanceTimersByTimeAsync(0);
    session.stop();
    expect(await renewal).toBe(false);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(refresh).toHaveBeenCalledTimes(1);
    expect(onEnd).not.toHaveBeenCalled();
    expect(session.token).toBeUndefined();
  });
});

describe('the session ends', () => {
  it.each(['expired', 'denied', 'failed'] as const)('when a renewal is answered %s', async (failure) => {
    const { session, refresh, onEnd } = start();
    refresh.mockRejectedValueOnce(new IssuerError(failure, 'no'));
    expect(await session.renew(session.token)).toBe(false);
    expect(onEnd.mock.calls).toEqual([['ended']]);
  });

  it('when a renewal is answered for another user, whose token is never used', async () => {
    const { session, refresh, onEnd, onTokens, onRenewed } = start();
    refresh.mockResolvedValueOnce(ann({ userId: 'bob' }));
    expect(await session.renew(session.token)).toBe(false);
    expect(onEnd.mock.calls).toEqual([['ended']]);
    expect([onTokens, onRenewed].map((listener) => listener.mock.calls)).toEqual([[], []]);
    expect(session.token).toBeUndefined();
  });

  it('once, when the gateway rejects renewed tokens', () => {
    const { session, onEnd } = start();
    session.reject();
    session.reject();
    expect(onEnd.mock.calls).toEqual([['rejected']]);
  });
});
