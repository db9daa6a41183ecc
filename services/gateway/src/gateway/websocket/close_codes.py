"""When to come back: spread, so that a thousand clients do not return in one moment."""

import random

from gateway.websocket.send_buffer import Close
from shared.contract.close_codes import CloseCode

RESTARTING = CloseCode.RESTARTING
TOO_MANY = CloseCode.TOO_MANY
TOO_SLOW = CloseCode.TOO_SLOW
FLOOD = CloseCode.FLOOD
UNAUTHENTICATED = CloseCode.UNAUTHENTICATED

_SOONEST, _SPREAD = 0.1, 1.0  # seconds


def jittered_ms(seconds: float = 0.0) -> int:
    """Not before `seconds` from now, and a little by chance."""
    return round(1e3 * (seconds + random.uniform(_SOONEST, _SPREAD)))


def close_with_retry_after(code: CloseCode, seconds: float = 0.0) -> Close:
    """A close whose reason says when to come back."""
    return Close(code, f"afterMs={jittered_ms(seconds)}")
