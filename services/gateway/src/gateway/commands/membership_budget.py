"""Writes that are let through while nobody can say who is a member: a few a second of each user, counted.

The fold rejects what strangers wrote. Without a budget one of them could fill the log meanwhile.
"""

import asyncio
from functools import partial

import structlog
from cachetools import LRUCache

from gateway import metrics
from gateway.leaky_bucket import LeakyBucket
from shared.http.problems import Problem

log = structlog.get_logger()

WRITES_PER_SECOND = 5  # of one user
_MAX_USERS = 50_000  # whose budgets are kept
_REPROBE_INTERVAL = 1.0  # seconds in which the store is not asked again: writes must not queue for it
_SLACK = 0.001  # seconds; moments are added up in floats

_budget = partial(LeakyBucket, WRITES_PER_SECOND, burst=WRITES_PER_SECOND)


class UncheckedWriteBudget:
    def __init__(self) -> None:
        self._budgets: LRUCache[str, LeakyBucket] = LRUCache(_MAX_USERS)
        self._opened_at: float | None = None
        self._open_until = 0.0
        self._count = 0

    @property
    def is_open(self) -> bool:
        """Whether the store was away a moment ago."""
        return asyncio.get_running_loop().time() < self._open_until

    def open(self, reason: str) -> None:
        """The store is away; `reason` is logged the first time."""
        now = asyncio.get_running_loop().time()
        self._open_until = now + _REPROBE_INTERVAL
        if self._opened_at is None:
            self._opened_at, self._count = now, 0
            log.warning("membership.unchecked", reason=reason, writes_per_second=WRITES_PER_SECOND)

    def close(self) -> None:
        """The store answered."""
        if self._opened_at is not None:
            seconds = asyncio.get_running_loop().time() - self._opened_at
            self._opened_at, self._open_until = None, 0.0
            log.warning("membership.checked", seconds=round(seconds, 1), unchecked_writes=self._count)

    def spend(self, user: str) -> None:
        """Take one write off the user's budget. Raises Problem (503) when it is spent."""
        now = asyncio.get_running_loop().time()
        budget = self._budgets.setdefault(user, _budget())
        if budget.delay(now) > _SLACK:
            raise Problem("unavailable", "membership cannot be checked now; try again later")
        budget.reserve(now)
        self._count += 1
        metrics.unchecked.inc()
