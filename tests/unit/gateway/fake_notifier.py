"""A notifier over a real WebSocket that says what a test wants it to."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class FakeNotifier:
    """Owns `partitions` of `total`; acknowledges at once unless told to hold back; when asked, tells again,
    unless it `keeps` nothing."""

    def __init__(self, partition_count: int, partitions: Sequence[int] | None = None) -> None:
        self.acknowledges = self.can_replay = True
        self.replay_requests: list[dict[int, int]] = []
        self.users: set[str] = set()
        self.hellos: list[dict[str, Any]] = []
        self.next_offsets: dict[int, int] = dict.fromkeys(
            range(partition_count) if partitions is None else partitions, 0
        )
        self.source_offsets: dict[int, int] = {}
        self.port = 0
        self._partition_count = partition_count
        self._frozen = False
        self._links: set[ServerConnection] = set()
        self._last_batch = 0
        self._changed = asyncio.Event()
        self._replay_buffer: list[tuple[dict[str, Any], str]] = []

    async def assign(self, *partitions: int) -> None:
        self.next_offsets = {partition: self.next_offsets.get(partition, 0) for partition in partitions}
        await self.send(self._assigned())

    async def send_entry(
        self,
        users: Sequence[str],
        frame: dict[str, Any],
        *,
        partition: int = 0,
        source_offset: int = 0,
        kind: str = "chat.message.sent.v1",
        conversation: str = "",
    ) -> None:
        """The next entry of its partition. `covers` grows by one when it is not given."""
        start, self.next_offsets[partition] = self.next_offsets[partition], self.next_offsets[partition] + 1
        self.source_offsets[partition] = source_offset or self.source_offsets.get(partition, 0) + 1
        offset_range = {
            "partition": partition,
            "after": start,
            "upTo": start + 1,
            "covers": self.source_offsets[partition],
        }
        header = {"type": "entry", "kind": kind, "conversation": conversation, "users": list(users)}
        self._replay_buffer.append((header | offset_range, orjson.dumps(frame).decode()))
        await self.send(_entry(*self._replay_buffer[-1]))

    async def lose_entry(self, users: Sequence[str], frame: dict[str, Any], **header: Any) -> None:
        """An entry that is told to nobody."""
        links, self._links = self._links, set()
        await self.send_entry(users, frame, **header)
        self._links = links

    async def send_progress(self, partition: int, start: int, end: int, source_offset: int = 0) -> None:
        self.next_offsets[partition] = end
        await self.send(_progress({partition: (start, end, source_offset)}))

    async def wait_for_replay_request(self) -> dict[int, int]:
        """The last request to tell again, once there is one."""
        async with asyncio.timeout(5):
            while not self.replay_requests:
                self._changed.clear()
                await self._changed.wait()
        return self.replay_requests[-1]

    async def acknowledge(self) -> None:
        """All that was said so far, and at once from now on."""
        self.acknowledges = True
        await self.send(_acknowledged(self._last_batch))

    async def wait_for_user(self, user: str, *, present: bool = True) -> None:
        async with asyncio.timeout(5):
            while (user in self.users) is not present:
                self._changed.clear()
                await self._changed.wait()

    async def wait_for_reconnect(self) -> None:
        async with asyncio.timeout(5):
            while len(self.hellos) < 2 or not self.users:
                self._changed.clear()
                await self._changed.wait()

    def freeze(self) -> None:
        """From now on it neither hears nor says anything; its connections stay."""
        self._frozen = True
        for link in self._links:
            link.transport.pause_reading()
        self._links = set()

    async def disconnect(self) -> None:
        for link in list(self._links):
            await link.close()

    async def serve(self, link: ServerConnection) -> None:
        if self._frozen:
            return await link.wait_closed()
        self.hellos.append(orjson.loads(await link.recv()))
        self._links.add(link)
        try:
            await link.send(self._assigned())
            async for text in link:
                await self._on_message(link, orjson.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self._links.discard(link)
            self.users.clear()
            self._changed.set()

    async def _on_message(self, link: ServerConnection, message: dict[str, Any]) -> None:
        if message["type"] == "replay":
            await self._replay(link, {int(p): offset for p, offset in message["partitions"].items()})
            return
        assert message["batch"] > self._last_batch or message["batch"] == 1
        self._last_batch = message["batch"]
        if message["type"] == "announce":
            self.users |= set(message["users"])
        else:
            self.users -= set(message["users"])
        self._changed.set()
        if self.acknowledges:
            await link.send(_acknowledged(self._last_batch))

    async def _replay(self, link: ServerConnection, replay_requests: dict[int, int]) -> None:
        self.replay_requests.append(replay_requests)
        self._changed.set()
        missed = {
            p: next_offset
            for p, next_offset in replay_requests.items()
            if next_offset < self.next_offsets.get(p, 0)
        }
        if missed and not self.can_replay:
            await link.send(
                orjson.dumps({"type": "gap", "partitions": self._partition_offsets(missed)}).decode()
            )
            missed = {}
        for partition, offset in missed.items():
            start = offset
            for header, frame in self._replay_buffer:
                if header["partition"] == partition and header["upTo"] > start:
                    users = [user for user in header["users"] if user in self.users]
                    await link.send(_entry({**header, "after": start, "users": users}, frame))
                    start = header["upTo"]
        await link.send(
            _progress({p: (next_offset, next_offset, 0) for p, next_offset in self.next_offsets.items()})
        )

    def _partition_offsets(self, partitions: Iterable[int]) -> dict[str, dict[str, int]]:
        return {
            str(p): {"at": self.next_offsets[p], "covers": self.source_offsets.get(p, 0)} for p in partitions
        }

    def _assigned(self) -> str:
        places = self._partition_offsets(self.next_offsets)
        return orjson.dumps({"type": "owns", "count": self._partition_count, "partitions": places}).decode()

    async def send(self, text: str) -> None:
        for link in list(self._links):
            await link.send(text)


def _progress(ranges: dict[int, tuple[int, int, int]]) -> str:
    start = {str(p): {"after": a, "upTo": u, "covers": c} for p, (a, u, c) in ranges.items()}
    return orjson.dumps({"type": "progress", "partitions": start}).decode()


def _entry(header: dict[str, Any], frame: str) -> str:
    return f"{orjson.dumps(header).decode()}\n{frame}"


def _acknowledged(batch: int) -> str:
    return orjson.dumps({"type": "acknowledged", "batch": batch}).decode()


@asynccontextmanager
async def serve_notifier(notifier: FakeNotifier, port: int = 0) -> AsyncIterator[FakeNotifier]:
    server: Server = await serve(notifier.serve, "127.0.0.1", port)
    notifier.port = next(iter(server.sockets)).getsockname()[1]
    try:
        yield notifier
    finally:
        server.close()
        await server.wait_closed()
