import type { Credentials } from '../api/credentials';
import { failureOf } from './IssuerError';
import type { Tokens } from './tokens';

/** At the latest before the access token expires; tokens of a short life are renewed after three quarters. */
const RENEWAL_MARGIN_MS = 60_000;
/** Lower bound; up to twice as long by jitter. */
const MIN_RETRY_DELAY_MS = 2_500;
/** Timers hold 31 bits. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Options {
  tokens: Tokens;
  /** Gets new tokens from the issuer. Throws `IssuerError`. */
  refresh: (tokens: Tokens, refreshToken: string) => Promise<Tokens>;
  onTokens: (tokens: Tokens) => void;
  /** Called with true when the issuer is not reached, and with false when it is again. */
  onIssuerAway: (isAway: boolean) => void;
  /** `ended`: the issuer grants no new token; `rejected`: the gateway does not accept the issuer's tokens. */
  onEnd: (reason: 'ended' | 'rejected') => void;
}

/** A signed-in user's tokens. Renews the access token before it expires, and whenever the gateway rejects it. */
export class OidcSession implements Credentials {
  readonly isDev = false;
  readonly #options: Options;
  readonly #listeners = new Set<(token: string) => void>();
  #tokens: Tokens;
  #renewal: Promise<boolean> | undefined;
  #isStopped = false;
  #timer: number | undefined;
  /** Ends the delay before the next attempt. */
  #retryNow: (() => void) | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#tokens = options.tokens;
    this.#scheduleRenewal();
  }

  get tokens(): Tokens {
    return this.#tokens;
  }

  get token(): string | undefined {
    return this.#isStopped ? undefined : this.#tokens.accessToken;
  }

  renew = (rejected: string | undefined): Promise<boolean> => {
    if (this.#isStopped) return Promise.resolve(false);
    if (rejected !== this.#tokens.accessToken) return Promise.resolve(true);
    this.#renewal ??= this.#refreshUntilDecided().finally(() => (this.#renewal = undefined));
    return this.#renewal;
  };

  reject = (): void => void this.#end('rejected');

  onRenewed = (listener: (token: string) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Skips the delay before the next attempt to reach the issuer. */
  retryNow(): void {
    this.#retryNow?.();
  }

  /** Ends renewal for good. */
  stop(): void {
    this.#isStopped = true;
    window.clearTimeout(this.#timer);
    this.#retryNow?.();
  }

  async #refreshUntilDecided(): Promise<boolean> {
    while (!this.#isStopped) {
      const { refreshToken } = this.#tokens;
      if (refreshToken === undefined) return this.#end('ended');
      try {
        return this.#accept(await this.#options.refresh(this.#tokens, refreshToken));
      } catch (error) {
        if (this.#isStopped) return false;
        if (failureOf(error) !== 'unreachable') return this.#end('ended');
        this.#options.onIssuerAway(true);
        await this.#retryDelay();
      }
    }
    return false;
  }

  #accept(tokens: Tokens): boolean {
    if (this.#isStopped) return false;
    // The issuer answered for another user: what this one wrote must not be sent in that name.
    if (tokens.userId !== this.#tokens.userId) return this.#end('ended');
    this.#tokens = tokens;
    this.#options.onTokens(tokens);
    this.#options.onIssuerAway(false);
    this.#scheduleRenewal();
    for (const listener of this.#listeners) listener(tokens.accessToken);
    return true;
  }

  #end(reason: 'ended' | 'rejected'): false {
    if (!this.#isStopped) {
      this.stop();
      this.#options.onEnd(reason);
    }
    return false;
  }

  #scheduleRenewal(): void {
    window.clearTimeout(this.#timer);
    const { expiresAt, issuedAt, refreshToken, accessToken } = this.#tokens;
    if (expiresAt === undefined || refreshToken === undefined) return;
    const margin = Math.min(RENEWAL_MARGIN_MS, (expiresAt - issuedAt) / 4);
    const delay = Math.min(Math.max(0, expiresAt - margin - Date.now()), MAX_TIMER_MS);
    this.#timer = window.setTimeout(() => void this.renew(accessToken), delay);
  }

  #retryDelay(): Promise<void> {
    return new Promise((resolve) => {
      const timer = window.setTimeout(resolve, MIN_RETRY_DELAY_MS * (1 + Math.random()));
      this.#retryNow = () => {
        window.clearTimeout(timer);
        resolve();
      };
    });
  }
}
