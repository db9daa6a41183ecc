"""Limits the writes that are let through unchecked while the store is away: a few a second of each user.

The fold rejects those of non-members. Without a budget one of them could fill the log meanwhile.
"""

import asyncio
from functools import partial

import structlog
from cachetools import LRUCache

from gateway import metrics
from gateway.limits.leaky_bucket import LeakyBucket
from shared.http.problems import Problem
from shared.runtime import security_events

log = structlog.get_logger()

WRITES_PER_SECOND = 5  # of each user
_MAX_USERS = 50_000  # budgets kept
_REPROBE_INTERVAL_SECONDS = 1.0  # until the store is queried again: writes must not queue for it
_SLACK_SECONDS = 0.001  # times are sums of floats

_budget = partial(LeakyBucket, WRITES_PER_SECOND, burst=WRITES_PER_SECOND)


class UncheckedWriteBudget:
    def __init__(self) -> None:
        self._budgets: LRUCache[str, LeakyBucket] = LRUCache(_MAX_USERS)
        self._opened_at: float | None = None
        self._open_until = 0.0
        self._count = 0

    @property
    def is_open(self) -> bool:
        """Whether the store was away within the last second."""
        return asyncio.get_running_loop().time() < self._open_until

    def open(self, reason: str) -> None:
        """Let writes through: the store is away. `reason` is logged the first time."""
        now = asyncio.get_running_loop().time()
        self._open_until = now + _REPROBE_INTERVAL_SECONDS
        if self._opened_at is None:
            self._opened_at, self._count = now, 0
            security_events.count("membership_unchecked")
            log.warning("membership.unchecked", reason=reason, writes_per_second=WRITES_PER_SECOND)

    def close(self) -> None:
        """Stop letting writes through: the store answered."""
        if self._opened_at is not None:
            seconds = asyncio.get_running_loop().time() - self._opened_at
            self._opened_at, self._open_until = None, 0.0
            log.warning("membership.checked", seconds=round(seconds, 1), unchecked_writes=self._count)

    def spend(self, user: str) -> None:
        """Spend one write of the user's budget. Raises Problem (503) when none is left."""
        now = asyncio.get_running_loop().time()
        budget = self._budgets.setdefault(user, _budget())
        if budget.delay(now) > _SLACK_SECONDS:
            raise Problem("unavailable", "membership cannot be checked now; try again later")
        budget.reserve(now)
        self._count += 1
        metrics.unchecked.inc()
