"""One client's socket as the rest of the gateway sees it: entries are delivered to it, frames are put.

It begins at `start`, a place in the log; entries at or below it are history already. Until then entries
are held back. Its cursor is, per partition, the larger of its start and what notifiers have told since.
"""

import asyncio
from collections.abc import Callable
from sys import getsizeof

from pydantic import BaseModel

from gateway import delays, metrics
from gateway.link_messages import Entry
from gateway.outbox import Close, Outbox
from gateway.store import Progress
from gateway.stretches import Stretches
from shared import codec, cursor

_CLOSE_WITHIN = 1.0


class Socket:
    def __init__(self, user: str, outbox: Outbox, stretches: Stretches, abort: Callable[[], None]) -> None:
        self.user = user
        self.registered = False
        """Every owner knows of the user: what is left out from now on is missed."""
        self.finished = False
        """The last frame or the close was written, or there is nobody to write to."""
        self.outbox = outbox
        self._stretches = stretches
        self._abort = abort
        self._held: list[Entry] | None = []
        self._held_bytes = 0
        self._start: tuple[int, ...] = ()
        self._base: Progress | None = None

    def deliver(self, entry: Entry) -> None:
        if self._held is None:
            self._show(entry)
        else:
            self._hold(self._held, entry)

    def put(self, frame: BaseModel) -> None:
        self._write(codec.encode(frame).decode())

    def put_text(self, frame: str) -> None:
        """A frame that is JSON already."""
        self._write(frame)

    def hold(self) -> None:
        """What was held back until now is in what is shown next; hold back from here on."""
        self._held = []

    def begin(self, start: Progress | None) -> None:
        """From here on entries are shown: those above `start`, or all when it is not known."""
        self._base = start
        self._start = start.offsets if start else ()

    def release(self) -> None:
        """Show what was held back, and from now on everything at once."""
        held, self._held = self._held or [], None
        for entry in held:
            self._show(entry)

    def place(self, present: Progress) -> None:
        """The store is back: where this socket is. What notifiers told is sure; where they told nothing
        yet, nothing happened since the gateway began, or it comes still and is shown."""
        known = (self._stretches.covers(partition) for partition in range(len(present.offsets)))
        offsets = tuple(told or at for told, at in zip(known, present.offsets, strict=True))
        self._base = Progress(present.epoch, offsets)

    def cursor_at_start(self) -> str | None:
        """Where it begins. None when that is not known."""
        if self._base is None:
            return None
        return cursor.encode(self._base.epoch, self.user, self._base.offsets)

    def cursor(self) -> str | None:
        """Covers exactly what was put before. None as long as the start is not known."""
        if self._base is None:
            return None
        told = (max(at, self._stretches.covers(p)) for p, at in enumerate(self._base.offsets))
        return cursor.encode(self._base.epoch, self.user, list(told))

    def close(self, close: Close, *, drop: bool = False) -> None:
        """Written after what waits (`drop`: instead of it), in a second; else the connection is cut."""
        if not self.outbox.closed:
            metrics.closes.labels(str(close.code)).inc()
            self.outbox.close(close, drop=drop)
            asyncio.get_running_loop().call_later(_CLOSE_WITHIN, self._cut)

    def _hold(self, held: list[Entry], entry: Entry) -> None:
        held.append(entry)
        self._held_bytes += getsizeof(entry.frame)
        if not self.outbox.holds(len(held), self._held_bytes):
            self._too_slow()

    def _cut(self) -> None:
        if not self.finished:
            self._abort()

    def _show(self, entry: Entry) -> None:
        if not self._start or entry.covers > self._start[entry.partition]:
            self._write(entry.frame)

    def _write(self, frame: str) -> None:
        if not self.outbox.put(frame):
            self._too_slow()

    def _too_slow(self) -> None:
        metrics.overflows.inc()
        self.close(delays.closing(delays.TOO_SLOW), drop=True)
