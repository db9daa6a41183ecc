"""Moments that are at least so far apart."""


class Pace:
    """`rate` a second; after a pause the first `burst` at once. Times are in seconds on one clock."""

    def __init__(self, rate: float, *, burst: int = 1) -> None:
        self._apart = 1 / rate
        self._credit = (burst - 1) / rate
        self._next = float("-inf")

    def ahead(self, now: float) -> float:
        """How long the next one would have to wait."""
        return max(0.0, self._next - now)

    def take(self, now: float) -> float:
        """How long this one has to wait."""
        wait = self.ahead(now)
        self._next = max(self._next, now - self._credit) + self._apart
        return wait
