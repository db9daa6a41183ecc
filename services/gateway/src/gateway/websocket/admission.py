"""Sockets are let in at an even pace: a storm of them must take nothing from those who are here.

Until it is live a socket costs what hundreds of messages do. Who would have to wait too long is told when to
come back, and moments told are as far apart. Nobody takes a place from others by dialling often, nor sends
them away for long.
"""

import asyncio
from collections import Counter

from gateway import metrics
from gateway.leaky_bucket import LeakyBucket
from gateway.websocket import close_codes
from gateway.websocket.send_buffer import Close

_BURST = 50
MAX_WAIT_SECONDS = 3.0  # seconds of waiting: clients give an upgrade up after five or ten
MAX_WAITING_PER_USER = 8  # of one user that wait at the same time
MAX_RETRY_AFTER_SECONDS = (
    120.0  # seconds: moments told after that begin anew, else who dials in spite of them moves all on
)


class Admission:
    def __init__(self, rate: float) -> None:
        """`rate`: sockets a second, after the first `_BURST`."""
        self._admissions = LeakyBucket(rate, burst=_BURST)
        self._retries = LeakyBucket(rate)
        self._waiting: Counter[str] = Counter()

    async def admit(self, user: str) -> Close | None:
        """Returns when the user's socket may come in; at once, with when to come back, when that would take
        too long."""
        now = asyncio.get_running_loop().time()
        if self._waiting[user] >= MAX_WAITING_PER_USER:
            return _retry_after(MAX_WAIT_SECONDS)  # a moment of its own would be taken from others
        if self._admissions.delay(now) > MAX_WAIT_SECONDS:
            return self.reject_with_retry_after()
        self._waiting[user] += 1
        try:
            with metrics.arriving.track_inprogress():
                await asyncio.sleep(self._admissions.reserve(now))
        finally:
            self._waiting[user] -= 1
            if not self._waiting[user]:
                del self._waiting[user]
        return None

    def reject_with_retry_after(self) -> Close:
        """For one that cannot be let in now."""
        later = self._retries.reserve(asyncio.get_running_loop().time())
        return _retry_after(MAX_WAIT_SECONDS + later % MAX_RETRY_AFTER_SECONDS)


def _retry_after(seconds: float) -> Close:
    metrics.put_off.inc()
    return close_codes.close_with_retry_after(close_codes.TOO_MANY, seconds)
