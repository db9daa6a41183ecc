"""One gateway, and what waits to be sent to it."""

import asyncio
from collections import deque
from collections.abc import Callable


class SendQueue:
    """Texts in line. Bounded: a peer too slow to read is cut rather than waited for."""

    def __init__(self, limit: int, on_overflow: Callable[[], None]) -> None:
        """`limit` in characters; `cut` is called once, when it is passed."""
        self._limit = limit
        self._on_overflow = on_overflow
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
            self._on_overflow()
            return
        self._texts.append(text)
        self._size += len(text)
        self._drained.clear()
        self._filled.set()

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def is_congested(self) -> bool:
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

    async def wait_drained(self) -> None:
        """Returns once all was taken and whoever takes came back for more."""
        await self._drained.wait()


class GatewayLink:
    def __init__(self, queue: SendQueue, gateway: str = "") -> None:
        self.queue = queue
        self.gateway = gateway
        self.last_batch = 0
        """The last announcement."""
        self.next_offsets: dict[int, int] = {}
        """Per partition, how far this gateway was told: the `after` of what comes next."""
