/** The calls of the identity provider: OIDC authorization code flow with PKCE, by `openid-client`. */
import * as client from 'openid-client';
import type { ClientConfig, OidcConfig } from '../api/clientConfig';
import { IssuerError, type IssuerFailure } from './IssuerError';
import type { PendingSignIn } from './tabStorage';
import type { TokenResponse, Tokens } from './tokens';

const TIMEOUT_SECONDS = 10;
/** Of the times in ID tokens, beside the measured `clockSkew`. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** Every method throws `IssuerError`. */
export class Issuer {
  readonly #oidc: OidcConfig;
  readonly #clockSkew: number;
  /** Where the issuer sends the user back to. */
  readonly #pageUrl: string;
  #configuration: Promise<client.Configuration> | undefined;

  constructor(oidc: OidcConfig, clockSkew: ClientConfig['clockSkew'], pageUrl: string) {
    this.#oidc = oidc;
    this.#clockSkew = clockSkew;
    this.#pageUrl = pageUrl;
  }

  /** Returns the issuer's sign-in page, and what its answer will be checked against. */
  beginSignIn(): Promise<[URL, Omit<PendingSignIn, 'hash'>]> {
    return this.#call(async (configuration) => {
      const pending = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        codeVerifier: client.randomPKCECodeVerifier(),
      };
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: this.#pageUrl,
        scope: this.#oidc.scope,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(pending.codeVerifier),
        code_challenge_method: 'S256',
      });
      return [url, pending];
    });
  }

  /** `url`: the address of the page with the issuer's answer. */
  finishSignIn(url: URL, { state, nonce, codeVerifier }: PendingSignIn): Promise<TokenResponse> {
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier };
    return this.#call((configuration) => client.authorizationCodeGrant(configuration, url, checks));
  }

  refresh(refreshToken: string): Promise<TokenResponse> {
    return this.#call((configuration) => client.refreshTokenGrant(configuration, refreshToken));
  }

  /** Revokes the refresh token, and returns the issuer's page that signs out. Both only if the issuer has it. */
  signOut({ refreshToken, idToken }: Tokens): Promise<URL | undefined> {
    return this.#call(async (configuration) => {
      const { revocation_endpoint, end_session_endpoint } = configuration.serverMetadata();
      if (revocation_endpoint !== undefined && refreshToken !== undefined) {
        // Many issuers refuse this to pages. Signing out there matters more.
        await client
          .tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' })
          .catch(() => {});
      }
      if (end_session_endpoint === undefined) return undefined;
      const hint = idToken === undefined ? {} : { id_token_hint: idToken };
      return client.buildEndSessionUrl(configuration, { post_logout_redirect_uri: this.#pageUrl, ...hint });
    });
  }

  async #call<T>(action: (configuration: client.Configuration) => T | Promise<T>): Promise<T> {
    try {
      return await action(await this.#discover());
    } catch (error) {
      throw new IssuerError(classify(error), error);
    }
  }

  #discover(): Promise<client.Configuration> {
    this.#configuration ??= this.#fetchConfiguration().catch((error: unknown) => {
      this.#configuration = undefined;
      throw error;
    });
    return this.#configuration;
  }

  #fetchConfiguration(): Promise<client.Configuration> {
    const { issuer, clientId } = this.#oidc;
    const clock = { [client.clockSkew]: this.#clockSkew, [client.clockTolerance]: CLOCK_TOLERANCE_SECONDS };
    // The gateway allows http for issuers on this machine only.
    const execute = issuer.startsWith('http:') ? [client.allowInsecureRequests] : [];
    const options = { execute, timeout: TIMEOUT_SECONDS };
    return client.discovery(new URL(issuer), clientId, clock, client.None(), options);
  }
}

function classify(error: unknown): IssuerFailure {
  if (error instanceof client.AuthorizationResponseError) {
    if (error.error === 'access_denied') return 'denied';
    return isOutage(error.error) ? 'unreachable' : 'failed';
  }
  if (error instanceof client.ResponseBodyError) {
    if (error.error === 'invalid_grant') return 'expired';
    return error.status >= 500 || error.status === 429 || isOutage(error.error) ? 'unreachable' : 'failed';
  }
  return isUnreachable(error) ? 'unreachable' : 'failed';
}

const isOutage = (code: string) => code === 'temporarily_unavailable' || code === 'server_error';

/** No answer, or a 5xx of something else than an issuer. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, cause } = error as Error & { code?: string };
  if (cause instanceof Response) return cause.status >= 500 || cause.status === 429;
  // fetch rejects with a TypeError without a code if there is no connection.
  return code === 'OAUTH_TIMEOUT' || (error instanceof TypeError && code === undefined);
}
