"""One gateway's link and its bounded send queue."""

import asyncio
from collections import deque
from collections.abc import Callable


class SendQueue:
    """Messages waiting to be sent, in order. Bounded: a gateway too slow to read is cut, not waited for."""

    def __init__(self, limit: int, on_overflow: Callable[[], None]) -> None:
        """`limit` in characters; `on_overflow` is called once, when a message would exceed it."""
        self._limit = limit
        self._on_overflow = on_overflow
        self._messages: deque[str] = deque()
        self._filled, self._drained = asyncio.Event(), asyncio.Event()
        self._drained.set()
        self._size = 0
        self._overflowed = False

    def put(self, message: str) -> None:
        """Queue the message; on overflow drop it, with all that waits and all that follows."""
        if self._overflowed:
            return
        if self._size + len(message) > self._limit:
            self._overflowed = True
            self._messages.clear()
            self._drained.set()
            self._on_overflow()
            return
        self._messages.append(message)
        self._size += len(message)
        self._drained.clear()
        self._filled.set()

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def is_congested(self) -> bool:
        """Whether it is more than half full."""
        return self._size > self._limit // 2

    async def take(self) -> str:
        """Remove and return the next message; wait until there is one."""
        while not self._messages:
            self._drained.set()
            self._filled.clear()
            await self._filled.wait()
        return self.take_nowait()

    def take_nowait(self) -> str:
        message = self._messages.popleft()
        self._size -= len(message)
        return message

    async def wait_drained(self) -> None:
        """Return once the queue is empty and `take` waits for more, so that the last message was sent."""
        await self._drained.wait()


class GatewayLink:
    def __init__(self, queue: SendQueue, gateway: str = "") -> None:
        self.queue = queue
        self.gateway = gateway
        """The gateway's id; empty before its Hello."""
        self.last_batch = 0
        """The number of the last batch of subscriptions received."""
        self.next_offsets: dict[int, int] = {}
        """Per partition, how far this gateway was sent entries or progress: `start` of its next range."""
