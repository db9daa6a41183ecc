"""Events a second of each user, as token buckets (GCRA) in memory."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from throttled import BaseRateLimiter, MemoryStore, RateLimiterRegistry, RateLimiterType, per_sec

from gateway import metrics
from shared.http.problems import Problem

MAX_USERS = 20_000
"""Buckets kept of each rate, the least recently used first out: about 9 MiB. A forgotten user begins with a
full bucket."""


class Rate(StrEnum):
    SENDS = "sends"
    STARTS = "starts"
    READS = "reads"
    CALLS = "calls"
    CONNECTS = "connects"
    FRAMES = "frames"
    SERVICE_CALLS = "service calls"
    """Of a service, keyed by its own id."""


class RateLimit(NamedTuple):
    per_second: int
    """0: no limit."""
    burst: int


class Usage(NamedTuple):
    """A user's bucket after one event. Times are seconds."""

    rate: Rate
    limit: RateLimit
    is_refused: bool
    remaining: int
    """How many events could follow at once."""
    full_after: float
    """Until the whole burst is available."""
    retry_after: float
    """Until the next event is let through; 0 unless refused."""

    @property
    def window(self) -> int:
        """Seconds in which an empty bucket fills up."""
        return math.ceil(self.limit.burst / self.limit.per_second)

    def problem(self) -> Problem:
        """The error of a refused call or frame."""
        detail = f"more than {self.limit.per_second} {self.rate} a second; repeat it later"
        return Problem("too_many", detail, retry_after=max(1, math.ceil(self.retry_after)))


class UserRates:
    def __init__(self, limits: Mapping[Rate, RateLimit]) -> None:
        """A rate that is missing has no limit."""
        self._limits = {rate: limit for rate, limit in limits.items() if limit.per_second}
        self._limiters = {rate: _limiter(limit) for rate, limit in self._limits.items()}

    def spend(self, user: str, rate: Rate) -> Usage | None:
        """Count one event, unless it is refused. None: there is no limit."""
        limiter = self._limiters.get(rate)
        if limiter is None:
            return None
        result = limiter.limit(user)
        if result.limited:
            metrics.limited.labels(rate.value).inc()
        state = result.state
        return Usage(
            rate, self._limits[rate], result.limited, state.remaining, state.reset_after, state.retry_after
        )

    def half_full_after(self, user: str, rate: Rate) -> float:
        """Return the seconds until half of the burst is available; 0 when it is, or without a limit. Counts
        nothing."""
        limiter = self._limiters.get(rate)
        if limiter is None:
            return 0.0
        limit = self._limits[rate]
        return max(0.0, limiter.peek(user).reset_after - limit.burst / limit.per_second / 2)


def _limiter(limit: RateLimit) -> BaseRateLimiter:
    limiter = RateLimiterRegistry.get(RateLimiterType.GCRA.value)
    return limiter(per_sec(limit.per_second, limit.burst), MemoryStore(options={"MAX_SIZE": MAX_USERS}))
