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
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.websocket import close_codes
from gateway.websocket.send_buffer import Close, Outbox
from shared.contract import codec, cursor
from shared.http.websocket_connection import text_frame
from shared.internal.link_protocol import LinkEntry
from shared.internal.store_api import ProjectionOffsets

_CLOSE_WITHIN = 1.0


class Socket:
    def __init__(self, user: str, outbox: Outbox, offset_tracker: OffsetTracker) -> None:
        self.user = user
        self.greeted = False
        """`hello` was put: the client may be told anything."""
        self.registered = False
        """Every owner knows of the user: what is left out from now on is missed."""
        self.behind = False
        """Something is to be read from the store, after its cursor."""
        self.fell_behind: Callable[[], None] = lambda: None
        """Called then."""
        self.outbox = outbox
        self._offset_tracker = offset_tracker
        self._live = False
        self._held: list[LinkEntry] | None = []
        """None: they are dropped."""
        self._held_bytes = 0
        self._base: ProjectionOffsets | None = None
        self._seen: tuple[int, ...] = ()
        """Per partition, what is below is not shown again."""
        self._left_out: dict[int, int] = {}
        """Per partition, what is below was told before it was held back, and must be history."""

    def deliver(self, entry: LinkEntry) -> None:
        if self._live:
            if not self._seen or entry.source_offset > self._seen[entry.partition]:
                self._write(entry.frame)
        elif self._held is not None:
            self._hold(self._held, entry)

    def put(self, frame: BaseModel) -> None:
        self.put_json(codec.encode(frame))

    def put_json(self, frame: bytes) -> None:
        """A frame that is JSON already."""
        self._write(text_frame(frame))

    def begin(self, place: ProjectionOffsets | None) -> None:
        """Everything up to there was shown, or is history to this client. None: the store does not say."""
        self._base = place
        self._seen = place.offsets if place else ()

    def fall_behind(self) -> None:
        """Something after its cursor was left out. Without a cursor it cannot be found: the client must come
        back. Who is not registered begins later anyway."""
        if not self.registered:
            return
        if self._live and self._base is None:
            self.close(close_codes.closing(close_codes.RESTARTING), drop=True)
            return
        self.begin(self._place())
        self._live = False
        self.drop()
        self.behind = True
        self.fell_behind()

    def drop(self) -> None:
        """What is delivered from here on will be read from the store."""
        self._held, self._held_bytes = None, 0

    def hold(self) -> None:
        """What was told until now must be in what is read from the store next; hold back from here on."""
        self._held, self._held_bytes = [], 0
        self.mark()

    def mark(self) -> None:
        """What was told until now must be in what the store says next."""
        self._left_out = self._offset_tracker.source_offsets()

    def is_beyond(self, place: ProjectionOffsets) -> bool:
        """Is the store behind what was told before it was asked? What is missing there must not count as
        shown."""
        return place.is_behind(self._left_out)

    def release(self) -> None:
        """Show what was held back, and from now on everything at once."""
        held, self._held, self._live = self._held or [], None, True
        for entry in held:
            self.deliver(entry)

    def place(self, present: ProjectionOffsets) -> None:
        """Where this socket is, by where the store was a moment ago. What notifiers told is sure; where they
        told nothing yet (of a new or an emptied partition), what the store has is history, or was told
        meanwhile and is known by that."""
        known = (self._offset_tracker.source_offset(partition) for partition in range(len(present.offsets)))
        offsets = tuple(told or at for told, at in zip(known, present.offsets, strict=True))
        self._base = ProjectionOffsets(present.epoch, offsets)

    def cursor(self) -> str | None:
        """Covers exactly what was put before. None as long as its place is not known."""
        place = self._place()
        return None if place is None else cursor.encode(place.epoch, self.user, place.offsets)

    def close(self, close: Close, *, drop: bool = False) -> None:
        """Written after what waits (`drop`: instead of it), in a second; else the connection is cut."""
        if not self.outbox.closed:
            metrics.closes.labels(str(close.code)).inc()
            self.outbox.close(close, drop=drop)
            asyncio.get_running_loop().call_later(_CLOSE_WITHIN, self.outbox.cut)

    def unresponsive(self) -> None:
        """A ping was not answered: the client does not read, or is gone."""
        self.close(close_codes.closing(close_codes.TOO_SLOW), drop=True)

    def _place(self) -> ProjectionOffsets | None:
        if self._base is None or not self._live:
            return self._base
        told = (max(at, self._offset_tracker.source_offset(p)) for p, at in enumerate(self._base.offsets))
        return ProjectionOffsets(self._base.epoch, tuple(told))

    def _hold(self, held: list[LinkEntry], entry: LinkEntry) -> None:
        held.append(entry)
        self._held_bytes += getsizeof(entry.frame)
        if not self.outbox.holds(len(held), self._held_bytes):
            self._too_slow()

    def _write(self, frame: bytes) -> None:
        if not self.outbox.put(frame):
            self._too_slow()

    def _too_slow(self) -> None:
        metrics.overflows.inc()
        self.close(close_codes.closing(close_codes.TOO_SLOW), drop=True)
