"""When to come back: spread by chance, so that a thousand clients do not return in one moment."""

import random

from gateway.outbox import Close

RESTARTING = 1012
TOO_MANY = 4429
TOO_SLOW = 4408
FLOOD = 4400
UNAUTHENTICATED = 4401


def after_ms(longest: int = 2_000) -> int:
    return random.randint(100, longest)


def closing(code: int) -> Close:
    """A close whose reason says when to come back."""
    return Close(code, f"afterMs={after_ms()}")
