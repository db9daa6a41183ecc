"""A notifier's switchboard and the gateway's link to it, both real; what is between them the test moves."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
from starlette.websockets import WebSocketDisconnect

from gateway.notifiers.link import Link
from notifier.live import link as far
from notifier.live import link_server
from notifier.live.dispatcher import Switchboard
from tests.unit.links_together.memory import PARTITIONS, Memory

_TURNS = 12


async def settled() -> None:
    """Nothing is under way any more that does not wait for the test."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class Wire:
    """One connection as both ends see it; None in a queue is its end."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.heard: asyncio.Queue[str | None] = asyncio.Queue()
        self.told: asyncio.Queue[str | None] = asyncio.Queue()

    async def send_str(self, text: str) -> None:
        self.said.append(text)

    async def close(self) -> None: ...

    def __aiter__(self) -> "Wire":
        return self

    async def __anext__(self) -> SimpleNamespace:
        if (text := await self.told.get()) is None:
            raise StopAsyncIteration
        return SimpleNamespace(type=aiohttp.WSMsgType.TEXT, data=text.encode())

    async def receive(self) -> dict[str, Any]:
        text = await self.heard.get()
        return (
            {"type": "websocket.disconnect"} if text is None else {"type": "websocket.receive", "text": text}
        )


class Node:
    def __init__(self, memory: Memory, link: Link, room: int) -> None:
        """`room`: characters that may wait for the gateway before it is cut."""
        self.switchboard = Switchboard()
        self.switchboard.open(PARTITIONS)
        self._memory = memory
        self._link = link
        self._room = room
        self._cut = False
        self._wire: Wire | None = None
        self._far = far.Link(far.Outbox(room, lambda: None))
        self._ends: list[asyncio.Task[None]] = []

    async def dial(self) -> None:
        if self._wire is None:
            self._wire, self._cut = Wire(), False
            self._far = far.Link(far.Outbox(self._room, self._slow))
            ends = self._link._talk(cast("Any", self._wire)), self._serve(self._wire)
            self._ends = [asyncio.create_task(end) for end in ends]
            await settled()

    async def tear(self) -> None:
        """What is on its way is lost."""
        if self._wire is not None:
            self._wire.told.put_nowait(None)
            self._wire.heard.put_nowait(None)
            self._wire = None
            await asyncio.gather(*self._ends)

    async def deliver(self, count: int) -> None:
        """To the gateway."""
        if self._cut:
            await self.tear()
        if self._wire is not None:
            for _ in range(min(count, len(self._far.outbox))):
                self._wire.told.put_nowait(self._far.outbox.take_nowait())
            await settled()

    async def hear(self, count: int) -> None:
        """From the gateway."""
        if self._wire is not None:
            for _ in range(min(count, len(self._wire.said))):
                self._wire.heard.put_nowait(self._wire.said.pop(0))
            await settled()

    def own(self, partitions: Collection[int], back: int = 0) -> None:
        """As the group says; each begins `back` before the commit."""
        self.switchboard.own(())
        self.switchboard.own([self._memory.stream(partition, back) for partition in partitions])
        self.commit()

    def read(self, partition: int, count: int) -> None:
        for _ in range(count):
            stream = self.switchboard.streams.get(partition)
            if stream is None or (notice := self._memory.following(partition, stream.at)) is None:
                return
            self.switchboard.tell(partition, notice)

    def commit(self) -> None:
        self.switchboard.progress()
        for partition, stream in self.switchboard.streams.items():
            known = self._memory.committed.get(partition, 0)
            self._memory.committed[partition] = max(known, stream.at)

    async def _serve(self, wire: Wire) -> None:
        link = self._far
        with suppress(WebSocketDisconnect):
            await link_server._listen(cast("Any", wire), link, self.switchboard)
        self.switchboard.leave(link)

    def _slow(self) -> None:
        self._cut = True
