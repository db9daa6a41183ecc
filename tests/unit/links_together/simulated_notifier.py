"""A notifier's switchboard and the gateway's link to it, both real; what is between them the test moves."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
from starlette.websockets import WebSocketDisconnect

from gateway.notifiers.link import NotifierLink
from notifier.live import link as gateway_link
from notifier.live import link_server
from notifier.live.dispatcher import Dispatcher
from tests.unit.links_together.simulated_log import PARTITIONS, SimulatedLog

_TURNS = 12


async def settled() -> None:
    """Nothing is under way any more that does not wait for the test."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class FakeConnection:
    """One connection as both ends see it; None in a queue is its end."""

    def __init__(self) -> None:
        self.from_gateway: list[str] = []
        self.to_notifier: asyncio.Queue[str | None] = asyncio.Queue()
        self.to_gateway: asyncio.Queue[str | None] = asyncio.Queue()

    async def send_str(self, text: str) -> None:
        self.from_gateway.append(text)

    async def close(self) -> None: ...

    def __aiter__(self) -> "FakeConnection":
        return self

    async def __anext__(self) -> SimpleNamespace:
        if (text := await self.to_gateway.get()) is None:
            raise StopAsyncIteration
        return SimpleNamespace(type=aiohttp.WSMsgType.TEXT, data=text.encode())

    async def receive(self) -> dict[str, Any]:
        text = await self.to_notifier.get()
        return (
            {"type": "websocket.disconnect"} if text is None else {"type": "websocket.receive", "text": text}
        )


class SimulatedNotifier:
    def __init__(self, log: SimulatedLog, link: NotifierLink, queue_limit: int) -> None:
        """`room`: characters that may wait for the gateway before it is cut."""
        self.dispatcher = Dispatcher()
        self.dispatcher.set_partition_count(PARTITIONS)
        self._log = log
        self._link = link
        self._queue_limit = queue_limit
        self._overflowed = False
        self._connection: FakeConnection | None = None
        self._gateway_link = gateway_link.GatewayLink(gateway_link.SendQueue(queue_limit, lambda: None))
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self) -> None:
        if self._connection is None:
            self._connection, self._overflowed = FakeConnection(), False
            self._gateway_link = gateway_link.GatewayLink(
                gateway_link.SendQueue(self._queue_limit, self._overflow)
            )
            tasks = self._link._session(cast("Any", self._connection)), self._serve(self._connection)
            self._tasks = [asyncio.create_task(task) for task in tasks]
            await settled()

    async def disconnect(self) -> None:
        """What is on its way is lost."""
        if self._connection is not None:
            self._connection.to_gateway.put_nowait(None)
            self._connection.to_notifier.put_nowait(None)
            self._connection = None
            await asyncio.gather(*self._tasks)

    async def deliver_to_gateway(self, count: int) -> None:
        """To the gateway."""
        if self._overflowed:
            await self.disconnect()
        if self._connection is not None:
            for _ in range(min(count, len(self._gateway_link.queue))):
                self._connection.to_gateway.put_nowait(self._gateway_link.queue.take_nowait())
            await settled()

    async def deliver_to_notifier(self, count: int) -> None:
        """From the gateway."""
        if self._connection is not None:
            for _ in range(min(count, len(self._connection.from_gateway))):
                self._connection.to_notifier.put_nowait(self._connection.from_gateway.pop(0))
            await settled()

    def assign(self, partitions: Collection[int], back: int = 0) -> None:
        """As the group says; each begins `back` before the commit."""
        self.dispatcher.set_partitions(())
        self.dispatcher.set_partitions([self._log.replay_buffer(partition, back) for partition in partitions])
        self.commit()

    def read(self, partition: int, count: int) -> None:
        for _ in range(count):
            buffer = self.dispatcher.buffers.get(partition)
            if buffer is None or (entry := self._log.following(partition, buffer.next_offset)) is None:
                return
            self.dispatcher.dispatch(partition, entry)

    def commit(self) -> None:
        self.dispatcher.send_progress()
        for partition, buffer in self.dispatcher.buffers.items():
            committed = self._log.committed.get(partition, 0)
            self._log.committed[partition] = max(committed, buffer.next_offset)

    async def _serve(self, connection: FakeConnection) -> None:
        link = self._gateway_link
        with suppress(WebSocketDisconnect):
            await link_server._read_messages(cast("Any", connection), link, self.dispatcher)
        self.dispatcher.remove_link(link)

    def _overflow(self) -> None:
        self._overflowed = True
