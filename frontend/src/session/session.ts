/** Signs the user of this tab in and out. */
import { fetchClientConfig, type ClientConfig, type OidcConfig } from '../api/clientConfig';
import { setCredentials } from '../api/credentials';
import { followAddress } from '../store/addressUser';
import { forgetDrafts } from '../store/useDrafts';
import { forgetOutbox } from '../store/useOutbox';
import { setSession, type Session, type SignInProblem } from '../store/useSession';
import { useStore } from '../store/useStore';
import { failureOf } from './IssuerError';
import type { Issuer } from './issuer';
import { OidcSession } from './OidcSession';
import {
  clearTokens,
  loadTokens,
  savePendingSignIn,
  saveTokens,
  takePendingSignIn,
  type PendingSignIn,
} from './tabStorage';
import { tokensOf, type Tokens } from './tokens';

let config: ClientConfig | undefined;
let session: OidcSession | undefined;
let issuer: Issuer | undefined;

/** Carries the ids of users who sign out to the other tabs. */
const signOuts = new BroadcastChannel('parley/sign-out');
signOuts.onmessage = ({ data: userId }: MessageEvent<string>) => {
  if (session?.tokens.userId === userId) closeSession({ status: 'signedOut' });
};

/** Loads the gateway's configuration and signs the user in if possible. Call again if it is unavailable. */
export async function startSession(): Promise<void> {
  setSession({ status: 'starting' });
  try {
    config = await fetchClientConfig();
  } catch {
    setSession({ status: 'unavailable' });
    return;
  }
  if (config.auth === 'dev') {
    followAddress();
    setSession({ status: 'dev' });
  } else if (config.oidc === null) {
    setSession({ status: 'unconfigured' });
  } else {
    await resumeOrFinishSignIn(config.oidc);
  }
}

/** Goes to the issuer's sign-in page. */
export async function signIn(): Promise<void> {
  if (!window.isSecureContext) {
    setSession({ status: 'signedOut', problem: 'insecure' });
    return;
  }
  await leavePage(async () => {
    const [url, pending] = await (await loadIssuer()).beginSignIn();
    savePendingSignIn({ ...pending, hash: window.location.hash });
    return url;
  });
}

/**
 * Signs out here, in the other tabs and at the issuer, and deletes what this browser keeps of the user. Without
 * the issuer it is done here alone.
 */
export async function signOut(): Promise<void> {
  const tokens = session?.tokens;
  if (tokens === undefined) return;
  closeSession({ status: 'redirecting' });
  forgetDrafts(tokens.userId);
  forgetOutbox(tokens.userId);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel stays within its origin
  signOuts.postMessage(tokens.userId);
  window.history.replaceState(null, '', pageUrl());
  await leavePage(async () => (await loadIssuer()).signOut(tokens));
}

/** Ends the session here alone; drafts and unsent messages stay for the user's return. */
export function endSession(problem: SignInProblem): void {
  closeSession({ status: 'signedOut', problem });
}

/** Tries at once to reach an issuer that is away. */
export function retryRenewal(): void {
  session?.retryNow();
}

/** Goes to the page that `getUrl` returns, if any. */
async function leavePage(getUrl: () => Promise<URL | undefined>): Promise<void> {
  setSession({ status: 'redirecting' });
  try {
    const url = await getUrl();
    if (url === undefined) setSession({ status: 'signedOut' });
    else window.location.assign(url);
  } catch (error) {
    setSession({ status: 'signedOut', problem: failureOf(error) });
  }
}

async function resumeOrFinishSignIn(oidc: OidcConfig): Promise<void> {
  const answer = new URL(window.location.href);
  if (answer.searchParams.has('state')) {
    const pending = takePendingSignIn();
    window.history.replaceState(null, '', pageUrl() + (pending?.hash ?? window.location.hash));
    // Without it the address is an old one: that sign-in is finished, or was begun in another tab.
    if (pending) return finishSignIn(oidc, answer, pending);
  }
  const tokens = await loadTokens(oidc);
  if (tokens) openSession(oidc, tokens);
  else setSession({ status: 'signedOut' });
}

async function finishSignIn(oidc: OidcConfig, answer: URL, pending: PendingSignIn): Promise<void> {
  setSession({ status: 'redirecting' });
  try {
    const response = await (await loadIssuer()).finishSignIn(answer, pending);
    const tokens = tokensOf(response, oidc.userClaim, Date.now());
    saveTokens(oidc, tokens);
    openSession(oidc, tokens);
  } catch (error) {
    setSession({ status: 'signedOut', problem: failureOf(error) });
  }
}

function openSession(oidc: OidcConfig, tokens: Tokens): void {
  session = new OidcSession({
    tokens,
    refresh: async (previous, refreshToken) => {
      const response = await (await loadIssuer()).refresh(refreshToken);
      return tokensOf(response, oidc.userClaim, Date.now(), previous);
    },
    onTokens: (renewed) => saveTokens(oidc, renewed),
    onIssuerAway: (isIssuerAway) => setSession({ status: 'signedIn', isIssuerAway }),
    onEnd: endSession,
  });
  setCredentials(session);
  useStore.setState({ user: { id: tokens.userId } });
  setSession({ status: 'signedIn', isIssuerAway: false });
}

function closeSession(next: Session): void {
  session?.stop();
  session = undefined;
  clearTokens();
  useStore.setState({ user: null });
  setSession(next);
}

/** Loads the code for the issuer when it is first needed: most page loads resume a session. */
async function loadIssuer(): Promise<Issuer> {
  const module = await import('./issuer');
  if (!config?.oidc) throw new Error('no issuer is configured');
  issuer ??= new module.Issuer(config.oidc, config.clockSkew, pageUrl());
  return issuer;
}

/** The page's address without query and fragment; the issuer must have it registered. */
function pageUrl(): string {
  return window.location.origin + window.location.pathname;
}
