"""The pauses between attempts: they double up to a maximum."""

import asyncio
import random


class BackOff:
    def __init__(self, initial: float, maximum: float, *, jitter: float = 0.0) -> None:
        """Intervals in seconds. `jitter`: the part of each interval that is random, 0 to 1."""
        self._initial = self._interval = initial
        self._maximum = maximum
        self._jitter = jitter

    async def sleep(self) -> None:
        """Sleep for the present interval, then double it."""
        await asyncio.sleep(self._interval * (1 - self._jitter * random.random()))  # noqa: S311  # jitter
        self._interval = min(self._interval * 2, self._maximum)

    def reset(self) -> None:
        """Begin again with the initial interval: an attempt succeeded."""
        self._interval = self._initial

    def extend(self) -> None:
        """Sleep for the maximum from now on: the failure is likely to repeat."""
        self._interval = self._maximum
