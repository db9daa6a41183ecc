"""Frames for one client: written at once while the connection takes them, else buffered, bounded and in
order; the close comes last."""

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


class SendBuffer:
    def __init__(self, line: RawConnection, max_frames: int, max_bytes: int) -> None:
        self._line = line
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames: deque[bytes] | None = None
        """None while nothing waits, as for most clients."""
        self._bytes = 0
        self._close: Close | None = None
        self._flushed: asyncio.Event | None = None

    @property
    def client_address(self) -> str | None:
        """The client's address."""
        return self._line.client_address

    @property
    def size(self) -> int:
        """Buffered bytes."""
        return self._bytes

    @property
    def closed(self) -> bool:
        return self._close is not None

    def has_capacity(self, frames: int, size: int) -> bool:
        """Whether so many frames and bytes fit besides the buffered ones."""
        return self._count + frames <= self._max_frames and self._bytes + size <= self._max_bytes

    def put(self, frame: bytes) -> bool:
        """Write or buffer an encoded frame. False when it does not fit. Frames after the close are
        dropped."""
        if self._close is not None:
            return True
        if self._frames is None and self._line.is_writable:
            self._line.write(frame)
            metrics.frames_sent.inc()
            return True
        return self._enqueue(frame)

    def close(self, close: Close, *, drop: bool = False) -> None:
        """Close after the buffered frames, or with `drop` instead of them. Only the first close counts."""
        if self._close is None:
            self._close = close
            if drop:
                self._frames, self._bytes = None, 0
            self.flush()

    def abort(self) -> None:
        """Abort the connection unless the close was written."""
        if not self._line.is_closed:
            self._line.abort()

    def flush(self) -> None:
        """Write buffered frames, as far as the connection takes them."""
        while self._frames and self._line.is_writable:
            frame = self._frames.popleft()
            self._bytes -= getsizeof(frame)
            self._line.write(frame)
            metrics.frames_sent.inc()
        if not self._frames:
            self._frames = None
            if self._close is not None and self._line.is_writable:
                self._line.close(*self._close)
        if self._flushed is not None:
            self._flushed.set()

    @property
    def below_low_water(self) -> bool:
        """Whether it is at most half full."""
        return 2 * self._count <= self._max_frames and 2 * self._bytes <= self._max_bytes

    async def wait_for_capacity(self) -> None:
        """Return once it is below low water, so that a whole page fits; or closed."""
        while self._close is None and not self.below_low_water:
            self._flushed = asyncio.Event()
            await self._flushed.wait()
        self._flushed = None

    @property
    def _count(self) -> int:
        return len(self._frames) if self._frames is not None else 0

    def _enqueue(self, frame: bytes) -> bool:
        if not self.has_capacity(1, getsizeof(frame)):
            return False
        if self._frames is None:
            self._frames = deque()
        self._frames.append(frame)
        self._bytes += getsizeof(frame)
        return True
