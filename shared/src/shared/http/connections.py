"""Limits the open connections of a server and closes idle ones.

A connection is idle while no complete request head has arrived. Idle connections are closed after a timeout.
At the limit, the connection that has been idle longest is evicted for a new one, so that idle connections
keep no client out.
"""

import asyncio
import time
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge

log = structlog.get_logger()

_LOG_INTERVAL_SECONDS = 60.0
_STALL_SECONDS = 1.0
"""A timer that fires more than this late shows that the process stalled: what arrived meanwhile is read
before anything is closed."""

open_connections = Gauge("server_connections", "Open connections, WebSockets among them.")
connections_closed = Counter(
    "server_connections_closed_total", "Connections that the server ended itself.", ["reason"]
)


@dataclass(frozen=True)
class Timeouts:
    """Seconds."""

    head: float = 10.0
    """Until a request head is complete, from the connection, the last response or the head's first byte."""
    unread: float = 30.0
    """Without progress of a response that the client does not read."""
    ping: float = 20.0
    """Between two pings to a WebSocket, and for each pong."""


class AddressConnections:
    """Counts the open connections of each client address that proved no identity."""

    def __init__(self, limit: int, key: Callable[[str], str | None]) -> None:
        """`limit`: connections; 0 for any number. `key` returns under which key an address is counted; None
        when it is not limited."""
        self._limit = limit
        self._key = key
        self._keys: dict[object, str] = {}
        """By connection."""
        self._open: Tally[str] = Tally()

    def acquire(self, connection: object, address: str) -> bool:
        """Count the connection until `release`; False when the address has too many."""
        key = self._key(address) if self._limit else None
        if key is None:
            return True
        if self._open[key] >= self._limit:
            connections_closed.labels("address_limit").inc()
            return False
        self._keys[connection] = key
        self._open[key] += 1
        return True

    def release(self, connection: object) -> None:
        """Stop counting the connection, if it is counted."""
        key = self._keys.pop(connection, None)
        if key is not None:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]


class LimitedConnection(Protocol):
    def on_timeout(self) -> None:
        """Close: idle for longer than the timeout."""

    def on_evicted(self, *, newest: bool) -> None:
        """Close: the limit is reached. `newest`: the connection has just been opened."""


class ConnectionLimiter:
    """Tracks which connections of one server are idle."""

    def __init__(self, limit: int, head_timeout: float) -> None:
        self.is_closing = False
        """Whether the server is being stopped: a connection then serves no further request, so that the next
        one is made elsewhere instead of on a connection that is about to be closed."""
        self._limit = limit
        self._head_timeout = head_timeout
        self._idle: dict[LimitedConnection, float] = {}
        """Since when (monotonic seconds), oldest first."""
        self._evicted: set[LimitedConnection] = set()
        """Evicted, but not closed yet."""
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._dropped = 0
        self._logged_at = float("-inf")

    def mark_idle(self, connection: LimitedConnection) -> None:
        """Start the idle timeout of the connection."""
        self._idle.pop(connection, None)
        self._idle[connection] = time.monotonic()
        if self._timer is None:
            self._set_timer(self._head_timeout)

    def mark_busy(self, connection: LimitedConnection) -> None:
        self._idle.pop(connection, None)

    def discard(self, connection: LimitedConnection) -> None:
        self._idle.pop(connection, None)
        self._evicted.discard(connection)

    def evict_excess(self, newest: LimitedConnection, count: int) -> None:
        """Evict idle connections while `count`, which includes `newest`, is above the limit."""
        while count - len(self._evicted) > self._limit and self._idle:
            oldest = next(iter(self._idle))
            connections_closed.labels("limit").inc()
            self._log_dropped()
            if oldest is newest:
                oldest.on_evicted(newest=True)
                break
            del self._idle[oldest]
            self._evicted.add(oldest)
            oldest.on_evicted(newest=False)

    def _set_timer(self, seconds: float) -> None:
        self._timer_due = time.monotonic() + seconds
        self._timer = asyncio.get_running_loop().call_later(seconds, self._time_out_idle)

    def _time_out_idle(self) -> None:
        """Close the connections that have been idle too long. The timer stays set meanwhile: a refused
        connection, which becomes idle again, must not restart it for itself alone."""
        now = time.monotonic()
        if now - self._timer_due > _STALL_SECONDS:
            self._set_timer(_STALL_SECONDS)
            return
        due = now - self._head_timeout
        late = list(takewhile(lambda connection: self._idle[connection] <= due, self._idle))
        for connection in late:
            del self._idle[connection]
            connection.on_timeout()
        if self._idle:
            self._set_timer(max(0.01, next(iter(self._idle.values())) - due))
        else:
            self._timer = None

    def _log_dropped(self) -> None:
        self._dropped += 1
        now = time.monotonic()
        if now - self._logged_at >= _LOG_INTERVAL_SECONDS:
            log.warning("connections.at_limit", limit=self._limit, dropped=self._dropped)
            self._dropped, self._logged_at = 0, now
