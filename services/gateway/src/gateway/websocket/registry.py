"""All sockets of this gateway, by user: what notifiers tell goes to them from here."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from gateway import metrics
from gateway.commands.membership_cache import Membership
from gateway.leaky_bucket import Pace
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.websocket import close_codes
from gateway.websocket.connection import Socket
from shared.contract.entries import MEMBER_ENTRY_TYPES
from shared.contract.frames import ReconnectFrame
from shared.internal.link_protocol import LinkEntry
from shared.runtime.failpoints import failpoint

_LEAVE_WITHIN = 4.0
_MARGIN = 1.5  # for the chance in delays, and the way there and back
_CLOSE_WITHIN = 2.0


class Sockets:
    def __init__(
        self, subscriptions: UserSubscriptions, membership: Membership, *, most: int, rate: float
    ) -> None:
        """`most` at a time; on leaving, `rate` a second."""
        self.draining = False
        self._subscriptions = subscriptions
        self._membership = membership
        self._most = most
        self._rate = rate
        self._of: dict[str, set[Socket]] = {}
        self._count = 0
        self._empty = asyncio.Event()
        self._empty.set()
        metrics.queued.set_function(lambda: sum(socket.outbox.size for socket in self.everybody()))

    @property
    def full(self) -> bool:
        return self._count >= self._most

    @contextmanager
    def entered(self, socket: Socket) -> Iterator[None]:
        """While entered, the socket's user is announced and entries are delivered."""
        self._count += 1
        self._empty.clear()
        metrics.sockets.inc()
        self._of.setdefault(socket.user, set()).add(socket)
        self._subscriptions.add(socket.user)
        try:
            yield
        finally:
            self._subscriptions.remove(socket.user)
            self._leave(socket)

    def dispatch(self, entry: LinkEntry) -> None:
        if entry.kind in MEMBER_ENTRY_TYPES:
            self._membership.forget(entry.conversation)
        failpoint("gateway.dispatching")
        for user in entry.users:
            for socket in self._of.get(user, ()):
                socket.deliver(entry)

    def resync_all(self) -> None:
        """Something was left out, nobody knows for whom: all catch up through the store."""
        self._membership.forget_all()
        for socket in self.everybody():
            socket.fall_behind()

    def everybody(self) -> list[Socket]:
        return [socket for sockets in self._of.values() for socket in sockets]

    async def drain(self) -> None:
        """Everybody is told to come back elsewhere, one after the other, and served until then; closed if
        they have not gone in some seconds, with what is left of their delay. Who was not greeted yet is
        closed at once."""
        self.draining = True
        now, pace = asyncio.get_running_loop().time, Pace(self._rate)
        began = now()
        turns = {socket: pace.take(began) for socket in self.everybody()}
        for socket, turn in turns.items():
            if socket.greeted:
                socket.put(ReconnectFrame(after_ms=close_codes.after_ms(turn)))
            else:
                socket.close(close_codes.closing(close_codes.RESTARTING, turn))
        await self._left(min(_LEAVE_WITHIN, pace.ahead(began) + _MARGIN))
        for socket in self.everybody():
            left = max(0.0, began + turns.get(socket, 0.0) - now())
            socket.close(close_codes.closing(close_codes.RESTARTING, left))
        await self._left(_CLOSE_WITHIN)

    async def _left(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._empty.wait()

    def _leave(self, socket: Socket) -> None:
        metrics.sockets.dec()
        self._count -= 1
        if self._count == 0:
            self._empty.set()
        self._of[socket.user].discard(socket)
        if not self._of[socket.user]:
            del self._of[socket.user]
