"""One client's socket as the rest of the gateway sees it: entries are delivered to it, frames are put.

It begins at a place in the log; entries at or below it are history already. Its cursor is, per partition, the
larger of that place and what notifiers have told since. As long as something before is still to be shown, it
is not live: entries are held back, or dropped when they will be read from the store anyway, and its cursor is
the place that it has got to.
"""

import asyncio
from collections.abc import Callable
from sys import getsizeof

from pydantic import BaseModel

from gateway import metrics
from gateway.notifiers.link_protocol import Entry
from gateway.notifiers.offset_tracker import Stretches
from gateway.store.client import Progress
from gateway.websocket import close_codes
from gateway.websocket.send_buffer import Close, SendBuffer
from shared.contract import codec, cursor
from shared.http.websocket_connection import text_frame

_CLOSE_TIMEOUT_SECONDS = 1.0


class ClientConnection:
    def __init__(self, user: str, outbox: SendBuffer, stretches: Stretches) -> None:
        self.user = user
        self.hello_sent = False
        """`hello` was put: the client may be told anything."""
        self.registered = False
        """Every owner knows of the user: what is left out from now on is missed."""
        self.needs_resync = False
        """Something is to be read from the store, after its cursor."""
        self.on_resync_needed: Callable[[], None] = lambda: None
        """Called then."""
        self.send_buffer = outbox
        self._stretches = stretches
        self._live = False
        self._live_buffer: list[Entry] | None = []
        """None: they are dropped."""
        self._live_buffer_bytes = 0
        self._start: Progress | None = None
        self._history_offsets: tuple[int, ...] = ()
        """Per partition, what is below is not shown again."""
        self._watermarks: dict[int, int] = {}
        """Per partition, what is below was told before it was held back, and must be history."""

    def deliver(self, entry: Entry) -> None:
        if self._live:
            if not self._history_offsets or entry.covers > self._history_offsets[entry.partition]:
                self._write(entry.frame)
        elif self._live_buffer is not None:
            self._buffer(self._live_buffer, entry)

    def put(self, frame: BaseModel) -> None:
        self.put_json(codec.encode(frame))

    def put_json(self, frame: bytes) -> None:
        """A frame that is JSON already."""
        self._write(text_frame(frame))

    def set_start(self, place: Progress | None) -> None:
        """Everything up to there was shown, or is history to this client. None: the store does not say."""
        self._start = place
        self._history_offsets = place.offsets if place else ()

    def mark_lagging(self) -> None:
        """Something after its cursor was left out. Without a cursor it cannot be found: the client must come
        back. Who is not registered begins later anyway."""
        if not self.registered:
            return
        if self._live and self._start is None:
            self.close(close_codes.close_with_retry_after(close_codes.RESTARTING), drop=True)
            return
        self.set_start(self._offsets())
        self._live = False
        self.discard_live()
        self.needs_resync = True
        self.on_resync_needed()

    def discard_live(self) -> None:
        """What is delivered from here on will be read from the store."""
        self._live_buffer, self._live_buffer_bytes = None, 0

    def buffer_live(self) -> None:
        """What was told until now must be in what is read from the store next; hold back from here on."""
        self._live_buffer, self._live_buffer_bytes = [], 0
        self.snapshot_watermarks()

    def snapshot_watermarks(self) -> None:
        """What was told until now must be in what the store says next."""
        self._watermarks = self._stretches.told()

    def store_is_stale(self, place: Progress) -> bool:
        """Is the store behind what was told before it was asked? What is missing there must not count as
        shown."""
        return place.lacks(self._watermarks)

    def go_live(self) -> None:
        """Show what was held back, and from now on everything at once."""
        held, self._live_buffer, self._live = self._live_buffer or [], None, True
        for entry in held:
            self.deliver(entry)

    def resume_at(self, present: Progress) -> None:
        """Where this socket is, by where the store was a moment ago. What notifiers told is sure; where they
        told nothing yet (of a new or an emptied partition), what the store has is history, or was told
        meanwhile and is known by that."""
        known = (self._stretches.covers(partition) for partition in range(len(present.offsets)))
        offsets = tuple(told or at for told, at in zip(known, present.offsets, strict=True))
        self._start = Progress(present.epoch, offsets)

    def cursor(self) -> str | None:
        """Covers exactly what was put before. None as long as its place is not known."""
        place = self._offsets()
        return None if place is None else cursor.encode(place.epoch, self.user, place.offsets)

    def close(self, close: Close, *, drop: bool = False) -> None:
        """Written after what waits (`drop`: instead of it), in a second; else the connection is cut."""
        if not self.send_buffer.closed:
            metrics.closes.labels(str(close.code)).inc()
            self.send_buffer.close(close, drop=drop)
            asyncio.get_running_loop().call_later(_CLOSE_TIMEOUT_SECONDS, self.send_buffer.abort)

    def on_ping_timeout(self) -> None:
        """A ping was not answered: the client does not read, or is gone."""
        self.close(close_codes.close_with_retry_after(close_codes.TOO_SLOW), drop=True)

    def _offsets(self) -> Progress | None:
        if self._start is None or not self._live:
            return self._start
        told = (max(at, self._stretches.covers(p)) for p, at in enumerate(self._start.offsets))
        return Progress(self._start.epoch, tuple(told))

    def _buffer(self, held: list[Entry], entry: Entry) -> None:
        held.append(entry)
        self._live_buffer_bytes += getsizeof(entry.frame)
        if not self.send_buffer.has_capacity(len(held), self._live_buffer_bytes):
            self._close_slow_client()

    def _write(self, frame: bytes) -> None:
        if not self.send_buffer.put(frame):
            self._close_slow_client()

    def _close_slow_client(self) -> None:
        metrics.overflows.inc()
        self.close(close_codes.close_with_retry_after(close_codes.TOO_SLOW), drop=True)
