"""Live notifiers as processes of their own, and the gateway's end of links to them."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from shared.internal.link_protocol import (
    SUBPROTOCOL,
    Acknowledged,
    Hello,
    LinkEntry,
    NotifierMessage,
    PartitionsAssigned,
    Progress,
    Replay,
    Subscribe,
    decode_notifier_message,
    encode_gateway_message,
)
from tests.service_token import AUTHORIZATION, SERVICE_TOKEN
from tests.unit.recording_connection import text_of


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def open_link(port: int, **options: Any) -> connect:
    """A link to the notifier at `port`, with the services' token and protocol, before its Hello."""
    settings = {"subprotocols": [Subprotocol(SUBPROTOCOL)], "additional_headers": AUTHORIZATION, **options}
    return connect(f"ws://127.0.0.1:{port}/link", compression=None, **settings)


@dataclass
class NotifierProcess:
    port: int
    process: asyncio.subprocess.Process

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            return await client.get(path)

    async def wait_until_ok(self, path: str, within: float = 20.0) -> None:
        """Return once `path` answers 200."""
        async with asyncio.timeout(within):
            while True:
                with suppress(httpx.TransportError):
                    if (await self.get(path)).status_code == 200:
                        return
                assert self.process.returncode is None, "the process ended"
                await asyncio.sleep(0.05)

    async def end(self, signal_number: signal.Signals = signal.SIGTERM) -> None:
        """Return once the process has ended."""
        if self.process.returncode is None:
            self.process.send_signal(signal_number)
        async with asyncio.timeout(15):
            await self.process.wait()


@asynccontextmanager
async def notifier(env: Mapping[str, str], port: int | None = None) -> AsyncIterator[NotifierProcess]:
    """A notifier that listens when the block is entered and has ended when it is left."""
    port = port or free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "notifier", "live"),
        env={**os.environ, "SERVICE_TOKEN": SERVICE_TOKEN, **env, "PORT": str(port)},
    )
    running = NotifierProcess(port, process)
    try:
        await running.wait_until_ok("/healthz")
        yield running
    finally:
        await running.end()


@dataclass
class LinkedGateway:
    """Holds links and tracks, as the protocol demands, one next offset per partition."""

    users: list[str]
    next_offsets: dict[int, int] = field(default_factory=dict)
    gaps: list[tuple[int, int, int]] = field(default_factory=list)
    """Partition, next offset of this gateway, start of the range received."""
    frames: list[dict[str, Any]] = field(default_factory=list)
    """Of the entries that were not duplicates."""
    duplicates: int = 0
    acknowledged: int = 0
    owners: dict[int, int] = field(default_factory=dict)
    """Per partition, the port of the notifier that announced it last."""
    close_codes: dict[int, int | None] = field(default_factory=dict)
    """Per port, of the link's end."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _links: dict[int, tuple[ClientConnection, asyncio.Task[None]]] = field(default_factory=dict)

    async def connect(self, port: int) -> None:
        """Return once the users are subscribed."""
        connection = await open_link(port, max_size=None)
        await connection.send(encode_gateway_message(Hello("test")))
        await connection.send(encode_gateway_message(Subscribe(1, self.users)))
        before = self.acknowledged
        self._links[port] = connection, asyncio.create_task(self._read(connection, port))
        await self.wait_until(lambda: self.acknowledged > before)

    async def request_replay(self, port: int) -> None:
        """From the next offsets of this gateway on."""
        connection, _ = self._links[port]
        await connection.send(encode_gateway_message(Replay(self.next_offsets)))

    async def disconnect(self) -> None:
        for connection, reading in self._links.values():
            await connection.close()
            await reading

    async def wait_until(self, condition: Callable[[], bool], within: float = 20.0) -> None:
        """Return once the condition holds, checked after each message."""
        async with asyncio.timeout(within):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _read(self, connection: ClientConnection, port: int) -> None:
        with suppress(ConnectionClosed):
            async for text in connection:
                self._on_message(decode_notifier_message(str(text).encode()), port)
                self._changed.set()
        self.close_codes[port] = connection.close_code
        self._changed.set()

    def _on_message(self, message: NotifierMessage, port: int) -> None:
        match message:
            case Acknowledged():
                self.acknowledged += 1
            case PartitionsAssigned(partitions=partitions):
                self.owners = {p: owner for p, owner in self.owners.items() if owner != port}
                for partition, offsets in partitions.items():
                    self.owners[partition] = port
                    self._require(partition, offsets.next_offset)
            case Progress(ranges=ranges):
                for offset_range in ranges:
                    self._advance(offset_range.partition, offset_range.start, offset_range.end)
            case LinkEntry():
                if self._advance(message.partition, message.start, message.end):
                    self.frames.append(json.loads(text_of(message.frame)))
                else:
                    self.duplicates += 1

    def _advance(self, partition: int, start: int, end: int) -> bool:
        """Whether the range holds anything new."""
        self._require(partition, start)
        is_new = end > self.next_offsets[partition]
        self.next_offsets[partition] = max(self.next_offsets[partition], end)
        return is_new

    def _require(self, partition: int, start: int) -> None:
        next_offset = self.next_offsets.setdefault(partition, start)
        if start > next_offset:
            self.gaps.append((partition, next_offset, start))
            self.next_offsets[partition] = start


@asynccontextmanager
async def linked_gateway(users: Iterable[str], *ports: int) -> AsyncIterator[LinkedGateway]:
    """Linked to the notifiers on `ports`."""
    gateway = LinkedGateway(list(users))
    try:
        for port in ports:
            await gateway.connect(port)
        yield gateway
    finally:
        await gateway.disconnect()
