"""All sockets of this gateway, by user: what notifiers tell goes to them from here."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from gateway import metrics
from gateway.commands.membership_cache import MembershipCache
from gateway.leaky_bucket import LeakyBucket
from gateway.notifiers.link_protocol import Entry
from gateway.notifiers.subscriptions import Interest
from gateway.websocket import close_codes
from gateway.websocket.connection import ClientConnection
from shared.contract.entries import MEMBER_KINDS
from shared.contract.frames import ReconnectFrame
from shared.runtime.failpoints import failpoint

_RECONNECT_TIMEOUT_SECONDS = 4.0
_RECONNECT_MARGIN_SECONDS = 1.5  # for the chance in delays, and the way there and back
_CLOSE_TIMEOUT_SECONDS = 2.0


class ConnectionRegistry:
    def __init__(
        self, interest: Interest, membership: MembershipCache, *, max_connections: int, rate: float
    ) -> None:
        """`most` at a time; on leaving, `rate` a second."""
        self.draining = False
        self._interest = interest
        self._membership = membership
        self._max_connections = max_connections
        self._rate = rate
        self._by_user: dict[str, set[ClientConnection]] = {}
        self._count = 0
        self._empty = asyncio.Event()
        self._empty.set()
        metrics.queued.set_function(lambda: sum(socket.send_buffer.size for socket in self.all()))

    @property
    def is_full(self) -> bool:
        return self._count >= self._max_connections

    @contextmanager
    def registered(self, socket: ClientConnection) -> Iterator[None]:
        """While entered, the socket's user is announced and entries are delivered."""
        self._count += 1
        self._empty.clear()
        metrics.sockets.inc()
        self._by_user.setdefault(socket.user, set()).add(socket)
        self._interest.add(socket.user)
        try:
            yield
        finally:
            self._interest.remove(socket.user)
            self._remove(socket)

    def dispatch(self, entry: Entry) -> None:
        if entry.kind in MEMBER_KINDS:
            self._membership.invalidate(entry.conversation)
        failpoint("gateway.dispatching")
        for user in entry.users:
            for socket in self._by_user.get(user, ()):
                socket.deliver(entry)

    def interrupt(self) -> None:
        """Something was left out, nobody knows for whom: all catch up through the store."""
        self._membership.invalidate_all()
        for socket in self.all():
            socket.mark_lagging()

    def all(self) -> list[ClientConnection]:
        return [socket for sockets in self._by_user.values() for socket in sockets]

    async def drain(self) -> None:
        """Everybody is told to come back elsewhere, one after the other, and served until then; closed if
        they have not gone in some seconds, with what is left of their delay. Who was not greeted yet is
        closed at once."""
        self.draining = True
        now, pace = asyncio.get_running_loop().time, LeakyBucket(self._rate)
        began = now()
        turns = {socket: pace.reserve(began) for socket in self.all()}
        for socket, turn in turns.items():
            if socket.hello_sent:
                socket.put(ReconnectFrame(after_ms=close_codes.jittered_ms(turn)))
            else:
                socket.close(close_codes.close_with_retry_after(close_codes.RESTARTING, turn))
        await self._wait_until_empty(
            min(_RECONNECT_TIMEOUT_SECONDS, pace.delay(began) + _RECONNECT_MARGIN_SECONDS)
        )
        for socket in self.all():
            left = max(0.0, began + turns.get(socket, 0.0) - now())
            socket.close(close_codes.close_with_retry_after(close_codes.RESTARTING, left))
        await self._wait_until_empty(_CLOSE_TIMEOUT_SECONDS)

    async def _wait_until_empty(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._empty.wait()

    def _remove(self, socket: ClientConnection) -> None:
        metrics.sockets.dec()
        self._count -= 1
        if self._count == 0:
            self._empty.set()
        self._by_user[socket.user].discard(socket)
        if not self._by_user[socket.user]:
            del self._by_user[socket.user]
