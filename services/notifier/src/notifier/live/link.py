"""One gateway, and what waits to be sent to it."""

import asyncio
from collections import deque
from collections.abc import Callable


class Outbox:
    """Texts in line. Bounded: a peer too slow to read is cut rather than waited for."""

    def __init__(self, limit: int, cut: Callable[[], None]) -> None:
        """`limit` in characters; `cut` is called once, when it is passed."""
        self._limit = limit
        self._cut = cut
        self._texts: deque[str] = deque()
        self._filled, self._drained = asyncio.Event(), asyncio.Event()
        self._drained.set()
        self._size = 0
        self._closed = False

    def put(self, text: str) -> None:
        if self._closed:
            return
        if self._size + len(text) > self._limit:
            self._closed = True
            self._texts.clear()
            self._drained.set()
            self._cut()
            return
        self._texts.append(text)
        self._size += len(text)
        self._drained.clear()
        self._filled.set()

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def pressed(self) -> bool:
        """More than half full."""
        return self._size > self._limit // 2

    async def take(self) -> str:
        while not self._texts:
            self._drained.set()
            self._filled.clear()
            await self._filled.wait()
        return self.take_nowait()

    def take_nowait(self) -> str:
        text = self._texts.popleft()
        self._size -= len(text)
        return text

    async def drained(self) -> None:
        """Returns once all was taken and whoever takes came back for more."""
        await self._drained.wait()


class Link:
    def __init__(self, outbox: Outbox, gateway: str = "") -> None:
        self.outbox = outbox
        self.gateway = gateway
        self.batch = 0
        """The last announcement."""
        self.told: dict[int, int] = {}
        """Per partition, how far this gateway was told: the `after` of what comes next."""
