"""Sockets are let in at an even pace: a storm of them must take nothing from those who are here.

Until it is live a socket costs what hundreds of messages do. Who would have to wait too long is told when to
come back, and moments told are as far apart. Nobody takes a place from others by dialling often, nor sends
them away for long.
"""

import asyncio
from collections import Counter

from gateway import metrics
from gateway.leaky_bucket import Pace
from gateway.websocket import close_codes
from gateway.websocket.send_buffer import Close

_BURST = 50
_PATIENCE = 3.0  # seconds of waiting: clients give an upgrade up after five or ten
_OWN = 8  # of one user that wait at the same time
_LATEST = 120.0  # seconds: moments told after that begin anew, else who dials in spite of them moves all on


class Admission:
    def __init__(self, rate: float) -> None:
        """`rate`: sockets a second, after the first `_BURST`."""
        self._now = Pace(rate, burst=_BURST)
        self._later = Pace(rate)
        self._waiting: Counter[str] = Counter()

    async def turn(self, user: str) -> Close | None:
        """Returns when the user's socket may come in; at once, with when to come back, when that would take
        too long."""
        now = asyncio.get_running_loop().time()
        if self._waiting[user] >= _OWN:
            return _come_back(_PATIENCE)  # a moment of its own would be taken from others
        if self._now.ahead(now) > _PATIENCE:
            return self.put_off()
        self._waiting[user] += 1
        try:
            with metrics.arriving.track_inprogress():
                await asyncio.sleep(self._now.take(now))
        finally:
            self._waiting[user] -= 1
            if not self._waiting[user]:
                del self._waiting[user]
        return None

    def put_off(self) -> Close:
        """For one that cannot be let in now."""
        later = self._later.take(asyncio.get_running_loop().time())
        return _come_back(_PATIENCE + later % _LATEST)


def _come_back(seconds: float) -> Close:
    metrics.put_off.inc()
    return close_codes.closing(close_codes.TOO_MANY, seconds)
