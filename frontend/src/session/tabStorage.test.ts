import { afterEach, expect, it, vi } from 'vitest';
import { tabId } from '../store/tabs';
import { accessToken } from '../test/builders';
import { loadTokens, saveTokens } from './tabStorage';
import type { Tokens } from './tokens';

const OIDC = { issuer: 'https://login.example', clientId: 'web', scope: 'openid', userClaim: 'sub' };
const TOKENS: Tokens = {
  userId: 'ann',
  accessToken: accessToken({ sub: 'ann', at: Date.now() }),
  refreshToken: 'refresh',
  issuedAt: Date.now(),
  expiresAt: Date.now() + 600_000,
};

afterEach(() => {
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

/** Stores tokens as another page did, in this tab or in the one that this tab was duplicated from. */
function storeAs(tab: string | undefined) {
  saveTokens(OIDC, TOKENS);
  const stored = JSON.parse(sessionStorage.getItem('parley/tokens')!);
  sessionStorage.setItem('parley/tokens', JSON.stringify({ ...stored, tab }));
}

/** Has the locks of these tabs held for so long. */
function holdLocks(milliseconds: number, ...tabs: string[]) {
  const request = (name: string, { signal }: { signal: AbortSignal }, granted: () => void) =>
    new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      const delay = tabs.some((tab) => name.endsWith(tab)) ? milliseconds : 0;
      setTimeout(() => resolve(granted()), delay);
    });
  vi.stubGlobal('navigator', { locks: { request } });
}

const refuseLock = () => Promise.reject(new DOMException('denied', 'SecurityError'));

const storedTab = () => JSON.parse(sessionStorage.getItem('parley/tokens') ?? '{}').tab;

it('tokens of a page that is gone are used on, and belong to this one', async () => {
  holdLocks(100, 'reloaded');
  storeAs('reloaded');
  expect(await loadTokens(OIDC)).toEqual(TOKENS);
  expect(storedTab()).toBe(tabId);
  expect(await loadTokens(OIDC)).toEqual(TOKENS);
});

it('a copy in a duplicated tab is deleted', async () => {
  holdLocks(60_000, 'original');
  storeAs('original');
  expect(await loadTokens(OIDC)).toBeUndefined();
  expect(sessionStorage.getItem('parley/tokens')).toBeNull();
});

it('tokens of an earlier release, and those where locks are unknown or denied, are used', async () => {
  holdLocks(60_000, 'original');
  storeAs(undefined);
  expect(await loadTokens(OIDC)).toEqual(TOKENS);
  for (const navigator of [{}, { locks: { request: refuseLock } }]) {
    vi.stubGlobal('navigator', navigator);
    storeAs('original');
    expect(await loadTokens(OIDC)).toEqual(TOKENS);
  }
});

it('tokens of another client are none', async () => {
  storeAs(tabId);
  expect(await loadTokens({ ...OIDC, clientId: 'another' })).toBeUndefined();
});
