"""What goes to one client: at once while its connection takes it, else it waits here, bounded and in order;
what is said last is the close."""

import asyncio
from collections import deque
from sys import getsizeof
from typing import NamedTuple

from gateway import metrics
from shared.contract.close_codes import CloseCode
from shared.http.websocket_connection import RawConnection


class Close(NamedTuple):
    code: CloseCode
    reason: str = ""


class Outbox:
    def __init__(self, line: RawConnection, max_frames: int, max_bytes: int) -> None:
        self._line = line
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames: deque[bytes] | None = None
        """None while nothing waits: most clients are never waited for."""
        self._bytes = 0
        self._close: Close | None = None
        self._taken: asyncio.Event | None = None

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._bytes

    @property
    def closed(self) -> bool:
        return self._close is not None

    def holds(self, frames: int, size: int) -> bool:
        """Is there room for so much?"""
        return self._count + frames <= self._max_frames and self._bytes + size <= self._max_bytes

    def put(self, frame: bytes) -> bool:
        """A frame of the wire. False when there is no room left. After the close frames are dropped."""
        if self._close is not None:
            return True
        if self._frames is None and self._line.is_writable:
            self._line.write(frame)
            metrics.frames_sent.inc()
            return True
        return self._keep(frame)

    def close(self, close: Close, *, drop: bool = False) -> None:
        """The first close counts. `drop`: what waits is not written any more."""
        if self._close is None:
            self._close = close
            if drop:
                self._frames, self._bytes = None, 0
            self.flow()

    def cut(self) -> None:
        """If the close was not even written."""
        if not self._line.is_closed:
            self._line.abort()

    def flow(self) -> None:
        """Write what waits, as far as the connection takes it."""
        while self._frames and self._line.is_writable:
            frame = self._frames.popleft()
            self._bytes -= getsizeof(frame)
            self._line.write(frame)
            metrics.frames_sent.inc()
        if not self._frames:
            self._frames = None
            if self._close is not None and self._line.is_writable:
                self._line.close(*self._close)
        if self._taken is not None:
            self._taken.set()

    @property
    def roomy(self) -> bool:
        """Is it less than half full?"""
        return 2 * self._count <= self._max_frames and 2 * self._bytes <= self._max_bytes

    async def room(self) -> None:
        """Returns once it is roomy, so that who shows much at once does not overfill it; or is closed."""
        while self._close is None and not self.roomy:
            self._taken = asyncio.Event()
            await self._taken.wait()
        self._taken = None

    @property
    def _count(self) -> int:
        return len(self._frames) if self._frames is not None else 0

    def _keep(self, frame: bytes) -> bool:
        if not self.holds(1, getsizeof(frame)):
            return False
        if self._frames is None:
            self._frames = deque()
        self._frames.append(frame)
        self._bytes += getsizeof(frame)
        return True
