"""Closes with a delay after which the client may come back: jittered, so that thousands do not return at
once."""

import random

from gateway.websocket.send_buffer import Close
from shared.contract.close_codes import CLOSE_MEANINGS, CloseCode
from shared.runtime import security_events

RESTARTING = CloseCode.RESTARTING
TOO_MANY = CloseCode.TOO_MANY
TOO_SLOW = CloseCode.TOO_SLOW
FLOOD = CloseCode.FLOOD
UNAUTHENTICATED = CloseCode.UNAUTHENTICATED

REVOKED = Close(UNAUTHENTICATED, "the token was revoked; sign in again")

_MIN_JITTER_SECONDS, _MAX_JITTER_SECONDS = 0.1, 1.0


_SECURITY_CODES: dict[CloseCode, security_events.Kind] = {
    FLOOD: "4400",
    UNAUTHENTICATED: "4401",
    TOO_MANY: "4429",
}


def record(code: CloseCode, *, client: str | None, user: str | None) -> None:
    """Record a close as a security event, if it is one."""
    if (kind := _SECURITY_CODES.get(code)) is not None:
        security_events.record(kind, client=client, user=user, reason=CLOSE_MEANINGS[code].when)


def jittered_ms(seconds: float = 0.0) -> int:
    """Return `seconds` and some jitter, in milliseconds."""
    return round(1e3 * (seconds + random.uniform(_MIN_JITTER_SECONDS, _MAX_JITTER_SECONDS)))  # noqa: S311  # spreads reconnects


def close_with_retry_after(code: CloseCode, seconds: float = 0.0) -> Close:
    """Return a close whose reason is `afterMs`: `seconds` and some jitter."""
    return Close(code, f"afterMs={jittered_ms(seconds)}")
