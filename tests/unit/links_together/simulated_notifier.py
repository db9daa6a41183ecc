"""A notifier's dispatcher and the gateway's link to it, both real; the test moves messages between them."""

import asyncio
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any, cast

import aiohttp

from gateway.notifiers.link import NotifierLink
from notifier.live.dispatcher import Dispatcher
from notifier.live.link import GatewayLink, SendQueue
from notifier.live.link_server import LinkServer
from tests.unit.links_together.simulated_log import PARTITIONS, SimulatedLog

_TURNS = 12


async def settled() -> None:
    """Return once every task waits for the test."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class FakeConnection:
    """One connection as both ends see it; None in a queue means disconnected."""

    def __init__(self) -> None:
        self.from_gateway: list[str] = []
        self.to_notifier: asyncio.Queue[str | None] = asyncio.Queue()
        self.to_gateway: asyncio.Queue[str | None] = asyncio.Queue()

    async def send_str(self, text: str) -> None:
        self.from_gateway.append(text)

    async def close(self, *_: object) -> None: ...

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
        """`queue_limit`: characters that may wait for the gateway before it is cut."""
        self.dispatcher = Dispatcher()
        self.dispatcher.set_partition_count(PARTITIONS)
        self._log = log
        self._link = link
        self._queue_limit = queue_limit
        self._overflowed = False
        self._connection: FakeConnection | None = None
        self._server = LinkServer(self.dispatcher, queue_limit)
        self._gateway_link = self._new_gateway_link()
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self) -> None:
        if self._connection is None:
            self._connection, self._overflowed = FakeConnection(), False
            self._gateway_link = self._new_gateway_link()
            connection = cast("Any", self._connection)
            sessions = self._link._run_session(connection), self._server.serve(connection, self._gateway_link)
            self._tasks = [asyncio.create_task(session) for session in sessions]
            await settled()

    async def disconnect(self) -> None:
        """Lose the connection with all messages in flight."""
        if self._connection is not None:
            self._connection.to_gateway.put_nowait(None)
            self._connection.to_notifier.put_nowait(None)
            self._connection = None
            await asyncio.gather(*self._tasks)

    async def deliver_to_gateway(self, count: int) -> None:
        """Deliver the next `count` messages of the notifier."""
        if self._overflowed:
            await self.disconnect()
        if self._connection is not None:
            for _ in range(min(count, len(self._gateway_link.queue))):
                self._connection.to_gateway.put_nowait(self._gateway_link.queue.take_nowait())
            await settled()

    async def deliver_to_notifier(self, count: int) -> None:
        """Deliver the next `count` messages of the gateway."""
        if self._connection is not None:
            for _ in range(min(count, len(self._connection.from_gateway))):
                self._connection.to_notifier.put_nowait(self._connection.from_gateway.pop(0))
            await settled()

    def assign(self, partitions: Collection[int], overlap: int = 0) -> None:
        """Accept the group's assignment; each partition starts `overlap` records before its commit."""
        self.dispatcher.set_partitions(())
        self.dispatcher.set_partitions(
            [self._log.replay_buffer(partition, overlap) for partition in partitions]
        )
        self.commit()

    def consume(self, partition: int, count: int) -> None:
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

    def _new_gateway_link(self) -> GatewayLink:
        return GatewayLink(SendQueue(self._queue_limit, self._overflow))

    def _overflow(self) -> None:
        self._overflowed = True
