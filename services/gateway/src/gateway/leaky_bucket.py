"""Moments that are at least so far apart."""


class LeakyBucket:
    """`rate` a second; after a pause the first `burst` at once. Times are in seconds on one clock."""

    def __init__(self, rate: float, *, burst: int = 1) -> None:
        self._interval = 1 / rate
        self._credit = (burst - 1) / rate
        self._next = float("-inf")

    def delay(self, now: float) -> float:
        """How long the next one would have to wait."""
        return max(0.0, self._next - now)

    def reserve(self, now: float) -> float:
        """How long this one has to wait."""
        wait = self.delay(now)
        self._next = max(self._next, now - self._credit) + self._interval
        return wait
