"""Admits clients at an even rate, so that a reconnect storm takes nothing from connected ones.

Until it is live a connection costs as much as hundreds of messages. Clients that would wait too long are
rejected with retry delays, which are spaced at the same rate. One user's reconnect loop can neither use up
others' slots nor lengthen their retry delay.
"""

import asyncio
from collections import Counter

from gateway import metrics
from gateway.limits.leaky_bucket import LeakyBucket
from gateway.websocket import close_codes
from gateway.websocket.send_buffer import Close

_BURST = 50
MAX_WAIT_SECONDS = 3.0  # clients give up an upgrade after five or ten
MAX_WAITING_PER_USER = 8
MAX_RETRY_AFTER_SECONDS = 120.0  # delays start over beyond it, else a loop that ignores them moves all on


class Admission:
    def __init__(self, rate: float) -> None:
        """`rate`: connections a second, after the first `_BURST`."""
        self._admissions = LeakyBucket(rate, burst=_BURST)
        self._retries = LeakyBucket(rate)
        self._waiting: Counter[str] = Counter()

    async def admit(self, user: str) -> Close | None:
        """Wait for a slot and return None; when that would take too long, return at once a close with a
        delay."""
        now = asyncio.get_running_loop().time()
        if self._waiting[user] >= MAX_WAITING_PER_USER:
            return _retry_after(MAX_WAIT_SECONDS)  # a delay of its own would come out of the others' rate
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
        """Return the close for a client that cannot be admitted now."""
        delay = self._retries.reserve(asyncio.get_running_loop().time())
        return _retry_after(MAX_WAIT_SECONDS + delay % MAX_RETRY_AFTER_SECONDS)


def _retry_after(seconds: float) -> Close:
    metrics.put_off.inc()
    return close_codes.close_with_retry_after(close_codes.TOO_MANY, seconds)
