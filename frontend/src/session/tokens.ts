import { isUserId } from '../lib/userId';
import { IssuerError } from './IssuerError';

/** What the issuer granted to one user. */
export interface Tokens {
  userId: string;
  accessToken: string;
  /** Absent: the session ends with the access token. */
  refreshToken?: string;
  /** For signing out at the issuer. */
  idToken?: string;
  issuedAt: number;
  /** In milliseconds of this device's clock, as `issuedAt`. Undefined if the issuer names none. */
  expiresAt?: number;
}

/** The parts of a token endpoint's response that are used. */
export interface TokenResponse {
  access_token: string;
  refresh_token?: string | undefined;
  id_token?: string | undefined;
  expires_in?: number | undefined;
}

/**
 * `previous`: the tokens that these replace; an issuer may leave out those that stay. Throws `IssuerError` if
 * the access token names no valid user id.
 */
export function tokensOf(response: TokenResponse, userClaim: string, now: number, previous?: Tokens): Tokens {
  const refreshToken = response.refresh_token ?? previous?.refreshToken;
  const idToken = response.id_token ?? previous?.idToken;
  return {
    userId: userIdOf(response.access_token, userClaim),
    accessToken: response.access_token,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(idToken !== undefined && { idToken }),
    issuedAt: now,
    ...(response.expires_in !== undefined && { expiresAt: now + 1_000 * response.expires_in }),
  };
}

/** The user id that the gateway will read in this token. The gateway verifies it; this only reads. */
export function userIdOf(accessToken: string, userClaim: string): string {
  const userId: unknown = parsePayload(accessToken)[userClaim];
  if (typeof userId !== 'string' || !isUserId(userId)) {
    throw new IssuerError('failed', `the access token is no JWT whose claim ${userClaim} is a user id`);
  }
  return userId;
}

function parsePayload(token: string): Record<string, unknown> {
  try {
    const base64 = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const payload: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof payload === 'object' && payload !== null ? { ...payload } : {};
  } catch {
    return {};
  }
}
