/**
 * What a session keeps in sessionStorage: gone with its tab, and there after a reload. A browser that duplicates
 * a tab copies it, so tokens name the tab that uses them. Where the browser refuses, they live as long as the
 * page.
 */
import type { OidcConfig } from '../api/clientConfig';
import { isClosed, tabId } from '../store/tabs';
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

interface StoredTokens {
  client: string;
  tokens: Tokens;
  /** The page that uses them. */
  tab?: string;
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

/**
 * Resolves to undefined if there are none of this issuer and client, and if they are a copy: an issuer that
 * rotates refresh tokens ends every session of one that is used twice. The copy is deleted.
 */
export async function loadTokens(oidc: OidcConfig): Promise<Tokens | undefined> {
  const stored = readItem<StoredTokens>(TOKENS_KEY);
  if (stored?.client !== clientKey(oidc)) return undefined;
  if (stored.tab !== undefined && stored.tab !== tabId && !(await isClosed(stored.tab))) {
    clearTokens();
    return undefined;
  }
  saveTokens(oidc, stored.tokens);
  return stored.tokens;
}

export function saveTokens(oidc: OidcConfig, tokens: Tokens): void {
  const item: StoredTokens = { client: clientKey(oidc), tokens, tab: tabId };
  tryStorage((storage) => storage.setItem(TOKENS_KEY, JSON.stringify(item)));
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
