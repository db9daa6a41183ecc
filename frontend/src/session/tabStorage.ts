/**
 * What a session keeps in sessionStorage: gone with its tab, never shared with another one, and there after a
 * reload. Where the browser refuses, tokens live as long as the page.
 */
import type { OidcConfig } from '../api/clientConfig';
import type { Tokens } from './tokens';

const TOKENS_KEY = 'parley/tokens';
const SIGN_IN_KEY = 'parley/sign-in';

/** A sign-in that was begun: what the issuer's answer is checked against, and where to return to. */
export interface PendingSignIn {
  state: string;
  nonce: string;
  codeVerifier: string;
  /** The fragment of the address: the open conversation. */
  hash: string;
}

function tryStorage<T>(action: (storage: Storage) => T): T | undefined {
  try {
    return action(window.sessionStorage);
  } catch {
    return undefined;
  }
}

function readItem<T>(key: string): T | undefined {
  return tryStorage((storage) => JSON.parse(storage.getItem(key) ?? 'null') as T | null) ?? undefined;
}

const clientKey = ({ issuer, clientId }: OidcConfig) => `${issuer} ${clientId}`;

/** Undefined if there are none of this issuer and client. */
export function loadTokens(oidc: OidcConfig): Tokens | undefined {
  const stored = readItem<{ client: string; tokens: Tokens }>(TOKENS_KEY);
  return stored?.client === clientKey(oidc) ? stored.tokens : undefined;
}

export function saveTokens(oidc: OidcConfig, tokens: Tokens): void {
  const item = JSON.stringify({ client: clientKey(oidc), tokens });
  tryStorage((storage) => storage.setItem(TOKENS_KEY, item));
}

export function clearTokens(): void {
  tryStorage((storage) => storage.removeItem(TOKENS_KEY));
}

/** Throws if the browser refuses: without it the issuer's answer could not be checked. */
export function savePendingSignIn(pending: PendingSignIn): void {
  window.sessionStorage.setItem(SIGN_IN_KEY, JSON.stringify(pending));
}

/** Removes and returns the sign-in that was begun, if any. */
export function takePendingSignIn(): PendingSignIn | undefined {
  const pending = readItem<PendingSignIn>(SIGN_IN_KEY);
  tryStorage((storage) => storage.removeItem(SIGN_IN_KEY));
  return pending;
}
