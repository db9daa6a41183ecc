"""What waits to be written to one client: bounded, in order, and what is said last is the close."""

import asyncio
from collections import deque
from sys import getsizeof
from typing import NamedTuple


class Close(NamedTuple):
    code: int
    reason: str = ""


class Outbox:
    def __init__(self, max_frames: int, max_bytes: int) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._frames: deque[str] = deque()
        self._bytes = 0
        self._close: Close | None = None
        self._filled = asyncio.Event()
        self._taken = asyncio.Event()

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._bytes

    @property
    def closed(self) -> bool:
        return self._close is not None

    def holds(self, frames: int, size: int) -> bool:
        """Is there room for so much?"""
        return len(self._frames) + frames <= self._max_frames and self._bytes + size <= self._max_bytes

    def put(self, frame: str) -> bool:
        """False when there is no room left. After the close frames are dropped."""
        if self._close is not None:
            return True
        if not self.holds(1, getsizeof(frame)):
            return False
        self._frames.append(frame)
        self._bytes += getsizeof(frame)
        self._filled.set()
        return True

    def close(self, close: Close, *, drop: bool = False) -> None:
        """The first close counts. `drop`: what waits is not written any more."""
        if self._close is None:
            self._close = close
            if drop:
                self._frames.clear()
                self._bytes = 0
            self._filled.set()
            self._taken.set()

    @property
    def roomy(self) -> bool:
        """Is it less than half full?"""
        return 2 * len(self._frames) <= self._max_frames and 2 * self._bytes <= self._max_bytes

    async def room(self) -> None:
        """Returns once it is roomy, so that who shows much at once does not overfill it; or is closed."""
        while self._close is None and not self.roomy:
            self._taken.clear()
            await self._taken.wait()

    async def take(self) -> str | Close:
        while not self._frames:
            if self._close is not None:
                return self._close
            self._filled.clear()
            await self._filled.wait()
        frame = self._frames.popleft()
        self._bytes -= getsizeof(frame)
        self._taken.set()
        return frame
