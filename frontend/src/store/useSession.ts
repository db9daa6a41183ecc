import { create } from 'zustand';
import type { IssuerFailure } from '../session/IssuerError';

/**
 * `ended`: the issuer no longer renews the session; `rejected`: the gateway does not accept the issuer's tokens;
 * `insecure`: the page is not served by https.
 */
export type SignInProblem = IssuerFailure | 'ended' | 'rejected' | 'insecure';

export type Session =
  | { status: 'starting' }
  /** The gateway's configuration cannot be loaded. */
  | { status: 'unavailable' }
  /** `AUTH=dev`: the user is in the address. */
  | { status: 'dev' }
  /** The gateway wants tokens, and names no issuer. */
  | { status: 'unconfigured' }
  | { status: 'signedOut'; problem?: SignInProblem }
  /** Waiting for the issuer, or leaving for one of its pages. */
  | { status: 'redirecting' }
  | { status: 'signedIn'; isIssuerAway: boolean };

/** How this tab is signed in. */
export const useSession = create<Session>(() => ({ status: 'starting' }) as Session);

export function setSession(session: Session): void {
  useSession.setState(session, true);
}
