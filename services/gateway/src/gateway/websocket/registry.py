"""All connections of this gateway, by user: entries from notifiers are dispatched to them."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from gateway import metrics
from gateway.commands.membership_cache import MembershipCache
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.websocket import close_codes, departure
from gateway.websocket.connection import ClientConnection
from shared.contract.entries import MEMBER_ENTRY_TYPES
from shared.contract.frames import ReconnectFrame
from shared.internal.link_protocol import LinkEntry
from shared.runtime.failpoints import failpoint

CLOSE_TIMEOUT_SECONDS = 2.0


class ConnectionRegistry:
    def __init__(
        self,
        subscriptions: UserSubscriptions,
        membership: MembershipCache,
        *,
        max_connections: int,
    ) -> None:
        self.draining = False
        self._subscriptions = subscriptions
        self._membership = membership
        self._max_connections = max_connections
        self._by_user: dict[str, dict[ClientConnection, Callable[[], None]]] = {}
        """Connections by user; each value is the callback to run after the connection was marked as
        lagging."""
        self._count = 0
        self._empty = asyncio.Event()
        self._empty.set()
        metrics.queued.set_function(lambda: sum(connection.send_buffer.size for connection in self.all()))

    @property
    def is_full(self) -> bool:
        return self._count >= self._max_connections

    def count_of(self, user: str) -> int:
        """Return how many connections the user has."""
        return len(self._by_user.get(user, ()))

    @contextmanager
    def registered(self, connection: ClientConnection, on_lagging: Callable[[], None]) -> Iterator[None]:
        """Within the block the user is subscribed and entries are delivered. `on_lagging` is called each time
        that entries were lost for the connection."""
        self._count += 1
        self._empty.clear()
        metrics.sockets.inc()
        self._by_user.setdefault(connection.user, {})[connection] = on_lagging
        self._subscriptions.add(connection.user)
        try:
            yield
        finally:
            self._subscriptions.remove(connection.user)
            self._remove(connection)

    def dispatch(self, entry: LinkEntry) -> None:
        """Deliver the entry to every connection of its users."""
        if entry.kind in MEMBER_ENTRY_TYPES:
            self._membership.invalidate(entry.conversation)
        failpoint("gateway.dispatching")
        is_delivered = False
        for user in entry.users:
            for connection in self._by_user.get(user, ()):
                connection.deliver(entry)
                is_delivered = True
        if is_delivered and entry.accepted_at:  # once an entry, not once a socket
            metrics.delivery_delay.observe(time.time() - entry.accepted_at)

    def close_revoked(self, user: str, revoked_at: float, leeway: float) -> None:
        """Close the user's connections whose tokens were issued up to `revoked_at` (POSIX seconds)."""
        for connection in self._by_user.get(user, ()):
            connection.close_if_revoked(revoked_at, leeway)

    def resync_all(self) -> None:
        """Entries were lost for unknown users: resync every connection from the store."""
        self._membership.invalidate_all()
        for connections in self._by_user.values():
            for connection, on_lagging in connections.items():
                connection.mark_lagging()
                on_lagging()

    def all(self) -> list[ClientConnection]:
        return [connection for connections in self._by_user.values() for connection in connections]

    async def drain(self, seconds: float) -> None:
        """Send all connections elsewhere within `seconds`, then wait up to CLOSE_TIMEOUT_SECONDS until they
        are closed. Each is requested at once to reconnect after a delay, evenly spread, and served until
        then; one that is still here a moment later is closed. One without `hello` is closed at once."""
        self.draining = True
        started_at = asyncio.get_running_loop().time()
        connections = self.all()
        delays = departure.leave_delays(len(connections), seconds)
        for connection, delay in zip(connections, delays, strict=True):
            if connection.is_open:
                connection.put(ReconnectFrame(after_ms=close_codes.jittered_ms(delay)))
            else:
                connection.close(close_codes.close_with_retry_after(close_codes.RESTARTING, delay))
        for connection, delay in zip(connections, delays, strict=True):
            await self._wait_until_empty(started_at + delay + departure.MARGIN_SECONDS)
            self._close(connection)
        for connection in self.all():  # registered meanwhile
            self._close(connection)
        await self._wait_until_empty(asyncio.get_running_loop().time() + CLOSE_TIMEOUT_SECONDS)

    def _close(self, connection: ClientConnection) -> None:
        if connection in self._by_user.get(connection.user, ()):
            connection.close(close_codes.close_with_retry_after(close_codes.RESTARTING))

    async def _wait_until_empty(self, deadline: float) -> None:
        """Return once no connection is left, or at the loop's time `deadline`."""
        if not self._empty.is_set() and asyncio.get_running_loop().time() < deadline:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._empty.wait()

    def _remove(self, connection: ClientConnection) -> None:
        metrics.sockets.dec()
        self._count -= 1
        if self._count == 0:
            self._empty.set()
        connections = self._by_user[connection.user]
        del connections[connection]
        if not connections:
            del self._by_user[connection.user]
