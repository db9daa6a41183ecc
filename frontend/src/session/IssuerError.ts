/**
 * `unreachable`: no usable answer, try again later; `denied`: the user or the issuer refused; `expired`: the grant
 * is no longer valid; `failed`: anything else, such as a wrong configuration.
 */
export type IssuerFailure = 'unreachable' | 'denied' | 'expired' | 'failed';

/** A call of the issuer failed. */
export class IssuerError extends Error {
  constructor(
    readonly failure: IssuerFailure,
    cause: unknown,
  ) {
    super(`the issuer's answer: ${failure}`, { cause });
  }
}

/** Any other error than an `IssuerError` is a lost connection, as when the code of a call could not be loaded. */
export function failureOf(error: unknown): IssuerFailure {
  return error instanceof IssuerError ? error.failure : 'unreachable';
}
