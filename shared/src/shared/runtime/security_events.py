"""Counts security events, and logs them sampled: at most one line a second and kind.

Clients cause these events, so they must not choose how much is logged. A line holds who (the user that was
proven, if any), where (the client's address) and why; never a token or anything else that a client sent.
"""

import time
from collections import Counter as Tally
from collections.abc import Callable
from typing import Literal

import structlog
from prometheus_client import Counter

log = structlog.get_logger()

Kind = Literal[
    "401",
    "403",
    "421",
    "429",
    "4400",
    "4401",
    "4429",
    "membership_unchecked",
    "link_refused",
    "token_refused",
]
"""HTTP status codes, close codes of WebSockets, and what has no code."""

LOG_INTERVAL_SECONDS = 1.0
_MAX_USER_CHARS = 128  # with AUTH=dev a user is whatever a client sends

security_events = Counter(
    "security_events_total", "Security events, by status, close code or name.", ["kind"]
)


class SecurityLog:
    """Samples the lines of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due_at: dict[Kind, float] = {}
        self._skipped: Tally[Kind] = Tally()

    def write(self, kind: Kind, *, client: str | None, user: str | None, reason: str) -> None:
        """Log the event unless one of its kind was logged within the last second. `more` in a line: how many
        were skipped before it."""
        now = self._clock()
        if now < self._due_at.get(kind, now):
            self._skipped[kind] += 1
            return
        self._due_at[kind] = now + LOG_INTERVAL_SECONDS
        log.warning(
            "security.event",
            kind=kind,
            client=client,
            user=None if user is None else user[:_MAX_USER_CHARS],
            reason=reason,
            more=self._skipped.pop(kind, 0),
        )


_log = SecurityLog()


def record(kind: Kind, *, client: str | None, user: str | None = None, reason: str) -> None:
    """Count an event and log it, sampled. `reason` is text of our own."""
    count(kind)
    _log.write(kind, client=client, user=user, reason=reason)


def explain(kind: Kind, reason: str) -> None:
    """Log, sampled, why something was refused whose answer does not name the reason and is counted itself."""
    _log.write(kind, client=None, user=None, reason=reason)


def count(kind: Kind) -> None:
    """Count an event that has a log line of its own."""
    security_events.labels(kind).inc()
