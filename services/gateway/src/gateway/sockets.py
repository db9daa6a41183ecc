"""All sockets of this gateway, by user: what notifiers tell goes to them from here."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from gateway import delays, metrics
from gateway.interest import Interest
from gateway.link_messages import Entry
from gateway.membership import Membership
from gateway.socket import Socket
from shared.failpoints import failpoint
from shared.frames import ReconnectFrame

_LEAVE_WITHIN = 1.0
_CLOSE_WITHIN = 2.0


class Sockets:
    def __init__(self, interest: Interest, membership: Membership, most: int) -> None:
        self.draining = False
        self._interest = interest
        self._membership = membership
        self._most = most
        self._of: dict[str, set[Socket]] = {}
        self._count = 0
        self._empty = asyncio.Event()
        self._empty.set()

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
        self._interest.add(socket.user)
        try:
            yield
        finally:
            self._interest.remove(socket.user)
            self._leave(socket)

    def dispatch(self, entry: Entry) -> None:
        if entry.kind.startswith("chat.member."):
            self._membership.forget(entry.conversation)
        failpoint("gateway.dispatching")
        for user in entry.users:
            for socket in self._of.get(user, ()):
                socket.deliver(entry)

    def interrupt(self) -> None:
        """Something was left out, nobody knows for whom: all catch up through the store."""
        self._membership.forget_all()
        for socket in self._all():
            socket.fall_behind()

    async def drain(self) -> None:
        """Everybody is told to come back elsewhere, and closed if they have not gone in a second."""
        self.draining = True
        for socket in self._all():
            socket.put(ReconnectFrame(after_ms=delays.after_ms()))
        await self._left(_LEAVE_WITHIN)
        for socket in self._all():
            socket.close(delays.closing(delays.RESTARTING))
        await self._left(_CLOSE_WITHIN)

    async def _left(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._empty.wait()

    def _all(self) -> list[Socket]:
        return [socket for sockets in self._of.values() for socket in sockets]

    def _leave(self, socket: Socket) -> None:
        metrics.sockets.dec()
        self._count -= 1
        if self._count == 0:
            self._empty.set()
        self._of[socket.user].discard(socket)
        if not self._of[socket.user]:
            del self._of[socket.user]
