"""All connections of this gateway, by user: entries from notifiers are dispatched to them."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from gateway import metrics
from gateway.commands.membership_cache import MembershipCache
from gateway.limits.leaky_bucket import LeakyBucket
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.websocket import close_codes
from gateway.websocket.connection import ClientConnection
from shared.contract.entries import MEMBER_ENTRY_TYPES
from shared.contract.frames import ReconnectFrame
from shared.internal.link_protocol import LinkEntry
from shared.runtime.failpoints import failpoint

_RECONNECT_TIMEOUT_SECONDS = 4.0
_RECONNECT_MARGIN_SECONDS = 1.5  # for the jitter of delays, and one round trip
_CLOSE_TIMEOUT_SECONDS = 2.0


class ConnectionRegistry:
    def __init__(
        self,
        subscriptions: UserSubscriptions,
        membership: MembershipCache,
        *,
        max_connections: int,
        rate: float,
    ) -> None:
        """`rate`: connections a second that are sent away on drain."""
        self.draining = False
        self._subscriptions = subscriptions
        self._membership = membership
        self._max_connections = max_connections
        self._rate = rate
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

    async def drain(self) -> None:
        """Send all connections elsewhere: ask one after the other to reconnect and serve it until then; close
        those that are still here some seconds later, with the rest of their delay. One without `hello` is
        closed at once."""
        self.draining = True
        clock, bucket = asyncio.get_running_loop().time, LeakyBucket(self._rate)
        started_at = clock()
        delays = {connection: bucket.reserve(started_at) for connection in self.all()}
        for connection, delay in delays.items():
            if connection.is_open:
                connection.put(ReconnectFrame(after_ms=close_codes.jittered_ms(delay)))
            else:
                connection.close(close_codes.close_with_retry_after(close_codes.RESTARTING, delay))
        await self._wait_until_empty(
            min(_RECONNECT_TIMEOUT_SECONDS, bucket.delay(started_at) + _RECONNECT_MARGIN_SECONDS)
        )
        for connection in self.all():
            remaining = max(0.0, started_at + delays.get(connection, 0.0) - clock())
            connection.close(close_codes.close_with_retry_after(close_codes.RESTARTING, remaining))
        await self._wait_until_empty(_CLOSE_TIMEOUT_SECONDS)

    async def _wait_until_empty(self, timeout_seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
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
