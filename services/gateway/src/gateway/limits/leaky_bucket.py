"""A leaky bucket: spaces events evenly in time."""


class LeakyBucket:
    """Admits `rate` events a second, after a pause the first `burst` at once. Times are seconds of one
    clock."""

    def __init__(self, rate: float, *, burst: int = 1) -> None:
        self._interval = 1 / rate
        self._credit = (burst - 1) / rate
        self._next = float("-inf")

    def delay(self, now: float) -> float:
        """Seconds that the next event would have to wait."""
        return max(0.0, self._next - now)

    def reserve(self, now: float) -> float:
        """Take the next slot; return the seconds until it."""
        wait = self.delay(now)
        self._next = max(self._next, now - self._credit) + self._interval
        return wait
