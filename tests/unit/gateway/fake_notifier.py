"""A notifier over a real WebSocket that sends what a test wants it to."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import orjson
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from shared.internal.link_protocol import (
    SUBPROTOCOL,
    Acknowledged,
    Gap,
    GatewayMessage,
    Hello,
    OffsetRange,
    PartitionOffsets,
    PartitionsAssigned,
    Progress,
    Replay,
    Subscribe,
    decode_gateway_message,
    encode_entry,
    encode_notifier_message,
)


class _SentEntry(NamedTuple):
    offset_range: OffsetRange
    kind: str
    conversation: str
    users: Sequence[str]
    frame: str


class FakeNotifier:
    """Owns `partitions` of `partition_count`. Acknowledges at once while `acknowledges`; replays while
    `can_replay`, else answers with a gap."""

    def __init__(self, partition_count: int, partitions: Sequence[int] | None = None) -> None:
        self.acknowledges = self.can_replay = True
        self.replay_requests: list[dict[int, int]] = []
        self.users: set[str] = set()
        self.hellos: list[Hello] = []
        self.refusals: list[tuple[int | None, str | None]] = []
        """Close code and reason of each gateway that closed without a Hello."""
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
        self._replay_buffer: list[_SentEntry] = []

    async def assign(self, *partitions: int) -> None:
        """Own these partitions from now on, and no others."""
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
        """The next entry of its partition. `source_offset` grows by one when it is not given."""
        start, self.next_offsets[partition] = self.next_offsets[partition], self.next_offsets[partition] + 1
        self.source_offsets[partition] = source_offset or self.source_offsets.get(partition, 0) + 1
        offset_range = OffsetRange(partition, start, start + 1, self.source_offsets[partition])
        entry = _SentEntry(
            offset_range=offset_range,
            kind=kind,
            conversation=conversation,
            users=list(users),
            frame=orjson.dumps(frame).decode(),
        )
        self._replay_buffer.append(entry)
        await self.send(_encode(entry))

    async def lose_entry(self, users: Sequence[str], frame: dict[str, Any], **about: Any) -> None:
        """An entry that no link receives, but for a replay."""
        links, self._links = self._links, set()
        await self.send_entry(users, frame, **about)
        self._links = links

    async def send_progress(self, partition: int, start: int, end: int, source_offset: int = 0) -> None:
        self.next_offsets[partition] = end
        await self.send(
            encode_notifier_message(Progress([OffsetRange(partition, start, end, source_offset)]))
        )

    async def wait_for_replay_request(self) -> dict[int, int]:
        """Return the newest request, once there is one."""
        async with asyncio.timeout(5):
            while not self.replay_requests:
                self._changed.clear()
                await self._changed.wait()
        return self.replay_requests[-1]

    async def acknowledge(self) -> None:
        """Acknowledge every batch so far, and each at once from now on."""
        self.acknowledges = True
        await self.send(encode_notifier_message(Acknowledged(self._last_batch)))

    async def wait_for_user(self, user: str, *, present: bool = True) -> None:
        """Return once the user is subscribed, or not `present`: no longer."""
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
        """From now on neither read nor send anything; its connections stay."""
        self._frozen = True
        for link in self._links:
            link.transport.pause_reading()
        self._links = set()

    async def disconnect(self) -> None:
        for link in list(self._links):
            await link.close()

    async def send(self, text: str) -> None:
        for link in list(self._links):
            await link.send(text)

    async def serve(self, link: ServerConnection) -> None:
        if self._frozen:
            return await link.wait_closed()
        try:
            hello = decode_gateway_message(str(await link.recv()))
        except ConnectionClosed:
            self.refusals.append((link.close_code, link.close_reason))
            return None
        assert isinstance(hello, Hello)
        self.hellos.append(hello)
        try:
            self._links.add(link)
            await link.send(self._assigned())
            async for text in link:
                await self._on_message(link, decode_gateway_message(str(text)))
        except ConnectionClosed:
            pass
        finally:
            self._links.discard(link)
            self.users.clear()
            self._changed.set()

    async def _on_message(self, link: ServerConnection, message: GatewayMessage) -> None:
        assert not isinstance(message, Hello)
        if isinstance(message, Replay):
            await self._replay(link, dict(message.offsets))
            return
        assert message.batch > self._last_batch or message.batch == 1
        self._last_batch = message.batch
        if isinstance(message, Subscribe):
            self.users |= set(message.users)
        else:
            self.users -= set(message.users)
        self._changed.set()
        if self.acknowledges:
            await link.send(encode_notifier_message(Acknowledged(self._last_batch)))

    async def _replay(self, link: ServerConnection, offsets: dict[int, int]) -> None:
        self.replay_requests.append(offsets)
        self._changed.set()
        missed = {p: offset for p, offset in offsets.items() if offset < self.next_offsets.get(p, 0)}
        if missed and not self.can_replay:
            await link.send(encode_notifier_message(Gap(self._partition_offsets(missed))))
            missed = {}
        for partition, offset in missed.items():
            start = offset
            for entry in self._replay_buffer:
                if entry.offset_range.partition == partition and entry.offset_range.end > start:
                    users = [user for user in entry.users if user in self.users]
                    resumed = entry.offset_range._replace(start=start)
                    await link.send(_encode(entry._replace(offset_range=resumed, users=users)))
                    start = entry.offset_range.end
        ranges = [OffsetRange(p, offset, offset, 0) for p, offset in self.next_offsets.items()]
        await link.send(encode_notifier_message(Progress(ranges)))

    def _partition_offsets(self, partitions: Iterable[int]) -> dict[int, PartitionOffsets]:
        return {p: PartitionOffsets(self.next_offsets[p], self.source_offsets.get(p, 0)) for p in partitions}

    def _assigned(self) -> str:
        partitions = self._partition_offsets(self.next_offsets)
        return encode_notifier_message(PartitionsAssigned(self._partition_count, partitions))


def _encode(entry: _SentEntry) -> str:
    return encode_entry(*entry.offset_range, entry.kind, entry.conversation, entry.users, entry.frame)


@asynccontextmanager
async def serve_notifier(
    notifier: FakeNotifier, port: int = 0, *, subprotocol: str = SUBPROTOCOL
) -> AsyncIterator[FakeNotifier]:
    server: Server = await serve(
        notifier.serve,
        "127.0.0.1",
        port,
        subprotocols=[Subprotocol(subprotocol)],
        select_subprotocol=lambda _, offered: Subprotocol(subprotocol) if subprotocol in offered else None,
    )
    notifier.port = next(iter(server.sockets)).getsockname()[1]
    try:
        yield notifier
    finally:
        server.close()
        await server.wait_closed()
