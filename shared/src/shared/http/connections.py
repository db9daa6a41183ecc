"""The connections of one server: how many may be open, and which of them owe a request head.

A connection that owes a head is closed when the head takes too long. At the limit the one that has owed its
head for longest makes room for a new connection, so idle connections keep nobody out.
"""

import asyncio
import time
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge

log = structlog.get_logger()

_LOG_INTERVAL_SECONDS = 60.0
_STALL_SECONDS = 1.0
"""A timer that is late by more found the process stalled: what arrived meanwhile is read first."""

open_connections = Gauge("server_connections", "Open connections, WebSockets among them.")
connections_closed = Counter(
    "server_connections_closed_total", "Connections that the server ended itself.", ["reason"]
)


@dataclass(frozen=True)
class Timeouts:
    """Seconds."""

    head: float = 10.0
    """For a whole request head, from the connection, the last answer or the head's first byte."""
    unread: float = 30.0
    """For any progress of an answer that the client does not read."""
    ping: float = 20.0
    """Between two pings to a WebSocket, and for each pong."""


class LimitedConnection(Protocol):
    def on_timeout(self) -> None:
        """Close it: it was idle for too long."""

    def on_evicted(self, *, newest: bool) -> None:
        """Close it: the limit is reached. `newest`: it has only just been opened."""


class ConnectionLimiter:
    """An idle connection is one without a request: it owes a whole head."""

    def __init__(self, limit: int, head_timeout: float) -> None:
        self._limit = limit
        self._head_timeout = head_timeout
        self._idle: dict[LimitedConnection, float] = {}
        """Since when, oldest first."""
        self._evicted: set[LimitedConnection] = set()
        """Closed by us and not gone yet."""
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._dropped = 0
        self._logged_at = float("-inf")

    def mark_idle(self, connection: LimitedConnection) -> None:
        """From now on: it must not be for longer than the timeout."""
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
        """Close idle connections if `count`, with `newest`, is above the limit."""
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
        """The timer stays set meanwhile: a refused one, which lingers, must not set it for itself alone."""
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
