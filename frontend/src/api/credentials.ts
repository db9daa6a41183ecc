import { useStore } from '../store/useStore';

/** Proves to the gateway who the user is. */
export interface Credentials {
  /** With `AUTH=dev` the token is the user id; calls and sockets may also name the user in their address. */
  readonly isDev: boolean;
  /** Undefined while nobody is signed in. */
  readonly token: string | undefined;
  /**
   * Replaces a token that the gateway rejected; resolves at once if it is replaced already. Waits while the issuer
   * is unreachable. Resolves to false if there is no other token.
   */
  renew: (rejected: string | undefined) => Promise<boolean>;
  /** Reports that the gateway rejected a renewed token as well. */
  reject: () => void;
  /** Calls the listener with each new token; returns a function that unsubscribes it. */
  onRenewed: (listener: (token: string) => void) => () => void;
}

const devCredentials: Credentials = {
  isDev: true,
  get token() {
    return useStore.getState().user?.id;
  },
  renew: () => Promise.resolve(false),
  reject: () => {},
  onRenewed: () => () => {},
};

let current = devCredentials;

/** The credentials of all calls and sockets. */
export const credentials = (): Credentials => current;

export function setCredentials(next: Credentials): void {
  current = next;
}
