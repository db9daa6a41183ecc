"""Live notifiers as processes of their own, and a gateway's end of links to them."""

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

from tests.service_token import AUTHORIZATION, SERVICE_TOKEN


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def linked(port: int, **options: Any) -> connect:
    """A link to the notifier at `port`, with the services' token, nothing said yet."""
    url = f"ws://127.0.0.1:{port}/link"
    return connect(url, compression=None, additional_headers=AUTHORIZATION, **options)


@dataclass
class NotifierProcess:
    port: int
    process: asyncio.subprocess.Process

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            return await client.get(path)

    async def answers(self, path: str, within: float = 20.0) -> None:
        """Returns once `path` answers 200."""
        async with asyncio.timeout(within):
            while True:
                with suppress(httpx.TransportError):
                    if (await self.get(path)).status_code == 200:
                        return
                assert self.process.returncode is None, "it ended"
                await asyncio.sleep(0.05)

    async def end(self, by: signal.Signals = signal.SIGTERM) -> None:
        """Returns once it is gone."""
        if self.process.returncode is None:
            self.process.send_signal(by)
        async with asyncio.timeout(15):
            await self.process.wait()


@asynccontextmanager
async def notifier(env: Mapping[str, str], port: int | None = None) -> AsyncIterator[NotifierProcess]:
    """Listens when the block is entered, is gone when it is left."""
    port = port or free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "notifier", "live"),
        env={**os.environ, "SERVICE_TOKEN": SERVICE_TOKEN, **env, "PORT": str(port)},
    )
    running = NotifierProcess(port, process)
    try:
        await running.answers("/healthz")
        yield running
    finally:
        await running.end()


@dataclass
class Gateway:
    """Holds links, and keeps the protocol's account of them: one next offset per partition."""

    users: list[str]
    offsets: dict[int, int] = field(default_factory=dict)
    gaps: list[tuple[int, int, int]] = field(default_factory=list)
    """partition, where this gateway was, where it was told on."""
    frames: list[dict[str, Any]] = field(default_factory=list)
    """Of the entries that were not told already."""
    repeated: int = 0
    acknowledged: int = 0
    owners: dict[int, int] = field(default_factory=dict)
    """Per partition the port of the notifier that said last that it owns it."""
    closed: dict[int, int | None] = field(default_factory=dict)
    """Per port, the code that the link ended with."""
    _heard: asyncio.Event = field(default_factory=asyncio.Event)
    _links: dict[int, tuple[ClientConnection, asyncio.Task[None]]] = field(default_factory=dict)

    async def dial(self, port: int) -> None:
        """Returns once the users are announced."""
        connection = await linked(port, max_size=None)
        await connection.send(json.dumps({"type": "hello", "gateway": "test"}))
        await connection.send(json.dumps({"type": "announce", "batch": 1, "users": self.users}))
        before = self.acknowledged
        self._links[port] = connection, asyncio.create_task(self._listen(connection, port))
        await self.until(lambda: self.acknowledged > before)

    async def ask(self, port: int) -> None:
        """To be told again from where this gateway is."""
        connection, _ = self._links[port]
        await connection.send(json.dumps({"type": "replay", "partitions": self.offsets}))

    async def hang_up(self) -> None:
        for connection, listening in self._links.values():
            await connection.close()
            await listening

    async def until(self, condition: Callable[[], bool], within: float = 20.0) -> None:
        """Returns once it holds, looking after each message."""
        async with asyncio.timeout(within):
            while not condition():
                self._heard.clear()
                await self._heard.wait()

    async def _listen(self, connection: ClientConnection, port: int) -> None:
        try:
            async for text in connection:
                header, _, frame = str(text).partition("\n")
                self._told(json.loads(header), frame, port)
                self._heard.set()
        except ConnectionClosed:
            pass
        self.closed[port] = connection.close_code
        self._heard.set()

    def _told(self, header: dict[str, Any], frame: str, port: int) -> None:
        match header["type"]:
            case "acknowledged":
                self.acknowledged += 1
            case "owns":
                self.owners = {p: owner for p, owner in self.owners.items() if owner != port}
                for partition, place in header["partitions"].items():
                    self.owners[int(partition)] = port
                    self._expect(int(partition), place["at"])
            case "progress":
                for partition, stretch in header["partitions"].items():
                    self._stretch(int(partition), stretch)
            case "entry":
                if self._stretch(header["partition"], header):
                    self.frames.append(json.loads(frame))
                else:
                    self.repeated += 1

    def _stretch(self, partition: int, stretch: Mapping[str, int]) -> bool:
        """Whether it tells anything new."""
        self._expect(partition, stretch["after"])
        new = stretch["upTo"] > self.offsets[partition]
        self.offsets[partition] = max(self.offsets[partition], stretch["upTo"])
        return new

    def _expect(self, partition: int, after: int) -> None:
        known = self.offsets.setdefault(partition, after)
        if after > known:
            self.gaps.append((partition, known, after))
            self.offsets[partition] = after


@asynccontextmanager
async def gateway(users: Iterable[str], *ports: int) -> AsyncIterator[Gateway]:
    """Linked to the notifiers on `ports`."""
    made = Gateway(list(users))
    try:
        for port in ports:
            await made.dial(port)
        yield made
    finally:
        await made.hang_up()
