"""One client's connection: its state, its offsets, and the live entries that wait for a catch-up.

It starts at an offset of each partition; entries below are history already. Its cursor is, per partition, the
larger of that start and what the notifiers have delivered since. While entries before the live ones are still
to be read from the store, live entries are buffered, or discarded when a later page will contain them, and
the cursor is the offset that the catch-up has reached.
"""

import asyncio
import time
from enum import Enum, auto
from sys import getsizeof

from pydantic import BaseModel

from gateway import metrics
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.websocket import close_codes
from gateway.websocket.send_buffer import Close, SendBuffer
from shared.contract import codec, cursor
from shared.http.websocket_connection import text_frame
from shared.internal.link_protocol import LinkEntry
from shared.internal.store_api import ProjectionOffsets

_CLOSE_TIMEOUT_SECONDS = 1.0


class ConnectionState(Enum):
    SUBSCRIBING = auto()
    """Not every notifier has acknowledged the user's subscription. Entries missed now lie before the
    start."""
    STARTING = auto()
    """Every notifier has acknowledged the subscription; `hello` is not sent yet."""
    LAGGING = auto()
    """Entries before the live ones are to be read from the store; live ones are discarded."""
    BUFFERING = auto()
    """Live entries wait until those before them are sent."""
    LIVE = auto()
    """Entries are sent as they arrive."""
    CLOSED = auto()
    """The gateway closed it; nothing more is sent."""


_OPEN = (ConnectionState.LAGGING, ConnectionState.BUFFERING, ConnectionState.LIVE)
_LIVE = ConnectionState.LIVE  # looked up once: `deliver` runs for every entry and connection


class ClientConnection:
    def __init__(self, user: str, send_buffer: SendBuffer, tracker: OffsetTracker) -> None:
        self.user = user
        self.opened_at = time.time()
        self.issued_at: float | None = None
        """When the token that it was last authenticated with was issued, POSIX seconds; None: unknown."""
        self.is_revoked = False
        """Whether its token was revoked: nothing more that the client sends is handled."""
        self.send_buffer = send_buffer
        self._tracker = tracker
        self._state = ConnectionState.SUBSCRIBING
        self._live_buffer: list[LinkEntry] | None = []
        """None while live entries are discarded."""
        self._live_buffer_bytes = 0
        self._start: ProjectionOffsets | None = None
        self._history_offsets: tuple[int, ...] = ()
        """Per partition: entries below are history and not sent."""
        self._watermarks: dict[int, int] = {}
        """Per partition: entries below were delivered before live ones were buffered; the store must have
        them."""

    @property
    def state(self) -> ConnectionState:
        return self._state

    @property
    def needs_resync(self) -> bool:
        return self._state is ConnectionState.LAGGING

    @property
    def is_open(self) -> bool:
        """Whether `hello` was sent, so that any other frame may follow."""
        return self._state in _OPEN

    def deliver(self, entry: LinkEntry) -> None:
        if self._state is _LIVE:
            if not self._history_offsets or entry.source_offset > self._history_offsets[entry.partition]:
                self._write(entry.frame)
        elif self._live_buffer is not None:
            self._buffer(self._live_buffer, entry)

    def put(self, frame: BaseModel) -> None:
        self.put_json(codec.encode(frame))

    def put_json(self, frame: bytes) -> None:
        """A frame that is JSON already."""
        self._write(text_frame(frame))

    def subscribed(self) -> None:
        """Every notifier knows the user: entries lost from now on have to be read from the store."""
        if self._state is ConnectionState.SUBSCRIBING:
            self._state = ConnectionState.STARTING
            self.snapshot_watermarks()

    def set_start(self, start: ProjectionOffsets | None) -> None:
        """Entries below `start` were sent, or are history to this client. None: the store is away."""
        self._start = start
        self._history_offsets = start.offsets if start else ()

    def hello_sent(self) -> None:
        """The client may be sent anything from now on."""
        if self._state is ConnectionState.STARTING:
            is_lagging = self._live_buffer is None
            self._state = ConnectionState.LAGGING if is_lagging else ConnectionState.BUFFERING

    def mark_lagging(self) -> None:
        """Entries after the cursor were lost here: they have to be read from the store. A live connection
        without a cursor cannot find them and is closed, so that the client comes back."""
        match self._state:
            case ConnectionState.LIVE if self._start is None:
                self.close(close_codes.close_with_retry_after(close_codes.RESTARTING), drop=True)
            case ConnectionState.LIVE:
                self.set_start(self._offsets())
                self._state = ConnectionState.LAGGING
            case ConnectionState.STARTING | ConnectionState.LAGGING | ConnectionState.BUFFERING:
                self.discard_live()
            case ConnectionState.SUBSCRIBING | ConnectionState.CLOSED:
                pass

    def discard_live(self) -> None:
        """Discard live entries from here on: the store will be read for them."""
        self._live_buffer, self._live_buffer_bytes = None, 0
        if self._state is ConnectionState.BUFFERING:
            self._state = ConnectionState.LAGGING

    def buffer_live(self) -> None:
        """Buffer live entries from here on; those before must be in what is read from the store next."""
        if self._state is ConnectionState.CLOSED:
            return
        self._live_buffer, self._live_buffer_bytes = [], 0
        self.snapshot_watermarks()
        if self._state is ConnectionState.LAGGING:
            self._state = ConnectionState.BUFFERING

    def snapshot_watermarks(self) -> None:
        """What was delivered until now must be in what the store answers next."""
        self._watermarks = self._tracker.source_offsets()

    def store_is_stale(self, progress: ProjectionOffsets) -> bool:
        """Whether the store is behind the watermarks: what it lacks must not count as sent."""
        return progress.is_behind(self._watermarks)

    def go_live(self) -> None:
        """Send what was buffered, and every entry from now on as it arrives."""
        if self._state is ConnectionState.CLOSED:
            return
        buffered, self._live_buffer = self._live_buffer or [], None
        self._state = ConnectionState.LIVE
        for entry in buffered:
            self.deliver(entry)

    def resume_at(self, progress: ProjectionOffsets) -> None:
        """Set the start of a connection that came without a cursor: per partition the offset that the
        notifiers have delivered, or, where they delivered nothing yet (a new or an emptied partition),
        `progress`, the offset that the store had projected when it was queried."""
        delivered = (self._tracker.source_offset(partition) for partition in range(len(progress.offsets)))
        offsets = tuple(covers or stored for covers, stored in zip(delivered, progress.offsets, strict=True))
        self._start = ProjectionOffsets(progress.epoch, offsets)

    def cursor(self) -> str | None:
        """Covers exactly the entries put before. None while its offsets are not known."""
        progress = self._offsets()
        return None if progress is None else cursor.encode(progress.epoch, self.user, progress.offsets)

    def close(self, close: Close, *, drop: bool = False) -> None:
        """Written after the frames that wait (`drop`: instead of them); the connection is aborted a second
        later."""
        if self._state is not ConnectionState.CLOSED:
            self._state = ConnectionState.CLOSED
            self.discard_live()
            metrics.closes.labels(str(close.code)).inc()
            close_codes.record(close.code, client=self.send_buffer.client_address, user=self.user)
            self.send_buffer.close(close, drop=drop)
            asyncio.get_running_loop().call_later(_CLOSE_TIMEOUT_SECONDS, self.send_buffer.abort)

    def close_if_revoked(self, revoked_at: float, leeway: float) -> None:
        """Close if the user's tokens issued up to `revoked_at` are not accepted any more. `leeway`: by how
        much the clock of the issuer may be ahead."""
        latest = revoked_at if self.issued_at is None else revoked_at + leeway
        if (self.issued_at or self.opened_at) <= latest:
            self.close_revoked()

    def close_revoked(self) -> None:
        """Close the connection of a revoked token."""
        self.is_revoked = True
        self.close(close_codes.REVOKED)

    def on_ping_timeout(self) -> None:
        """The client does not read, or is gone."""
        self.close(close_codes.close_with_retry_after(close_codes.TOO_SLOW), drop=True)

    def _offsets(self) -> ProjectionOffsets | None:
        if self._start is None or self._state is not ConnectionState.LIVE:
            return self._start
        delivered = (max(at, self._tracker.source_offset(p)) for p, at in enumerate(self._start.offsets))
        return ProjectionOffsets(self._start.epoch, tuple(delivered))

    def _buffer(self, buffered: list[LinkEntry], entry: LinkEntry) -> None:
        buffered.append(entry)
        self._live_buffer_bytes += getsizeof(entry.frame)
        if not self.send_buffer.has_capacity(len(buffered), self._live_buffer_bytes):
            self._close_slow_client()

    def _write(self, frame: bytes) -> None:
        if not self.send_buffer.put(frame):
            self._close_slow_client()

    def _close_slow_client(self) -> None:
        metrics.overflows.inc()
        self.close(close_codes.close_with_retry_after(close_codes.TOO_SLOW), drop=True)
