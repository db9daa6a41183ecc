"""The store and the topic of its entries. An entry here is only an offset in the log and an audience."""

import asyncio
from collections.abc import Sequence
from itertools import count

import orjson

from gateway.store.client import StoreResponse
from notifier.live.dispatch_entry import DispatchEntry
from notifier.live.replay_buffer import PartitionReplayBuffer
from shared.contract import cursor
from shared.contract.position import Position, next_offset
from shared.internal.store_api import MembershipAnswer, ProjectionOffsets, SyncPage
from shared.kafka import partition_for

EPOCH = "0123456789abcdef"
PARTITIONS = 2
CONVERSATIONS = [
    next(
        conversation
        for n in count()
        if partition_for((conversation := f"conversation {n}").encode(), PARTITIONS) == partition
    )
    for partition in range(PARTITIONS)
]
"""A conversation of each partition."""
_PAGE = 2


class SimulatedLog:
    def __init__(self) -> None:
        self.answers = asyncio.Event()
        """Queries are evaluated at once, but answered only while this is set."""
        self.committed: dict[int, int] = {}
        """The notifiers' consumer group, by partition."""
        self._audiences: list[list[Sequence[str]]] = [[] for _ in range(PARTITIONS)]
        """Per offset of `chat.events`."""
        self._changes: list[dict[int, str]] = [{} for _ in range(PARTITIONS)]
        """By the offset of the change, the user it removed from the partition's conversation or, if not a
        member, added."""
        self._published: list[list[int]] = [[] for _ in range(PARTITIONS)]
        """Per offset of `chat.messages`, the offset of its event."""
        self._begins = [0] * PARTITIONS

    @property
    def offsets(self) -> tuple[int, ...]:
        return tuple(map(len, self._audiences))

    def fold(self, partition: int, audience: Sequence[str]) -> None:
        self._audiences[partition].append(audience)

    def change(self, partition: int, user: str, audience: Sequence[str]) -> None:
        self._changes[partition][self.offsets[partition]] = user
        self.fold(partition, audience)

    def is_member(self, partition: int, user: str, at: int) -> bool:
        """After the events below offset `at`."""
        changes = [offset for offset, who in self._changes[partition].items() if who == user and offset < at]
        return len(changes) % 2 == 0

    async def membership(self, user: str, conversation: str) -> MembershipAnswer:
        partition, progress = CONVERSATIONS.index(conversation), self.progress()
        member = self.is_member(partition, user, progress.offsets[partition])
        await self.answers.wait()
        return MembershipAnswer(member, progress)

    def publish(self, partition: int, again: int = 0) -> None:
        """Publish every event folded, after repeating the last `again` of those published before."""
        following = max(self._published[partition], default=-1) + 1
        self._published[partition] += range(max(0, following - again), self.offsets[partition])

    def expire(self, partition: int, count: int) -> None:
        """Delete the oldest records, as Kafka's retention does."""
        begin = min(self._begins[partition] + count, len(self._published[partition]))
        self._begins[partition] = begin

    def replay_buffer(self, partition: int, overlap: int) -> PartitionReplayBuffer:
        """An empty one that starts `overlap` records before the group's commit."""
        committed, begin = self.committed.get(partition), self._begins[partition]
        end = len(self._published[partition])
        start = end if committed is None else max(begin, committed - overlap)
        last_position = self._entry(partition, start - 1).position if start > begin else None
        return PartitionReplayBuffer(partition, start, last_position)

    def following(self, partition: int, offset: int) -> DispatchEntry | None:
        """The first entry from `offset` on that is published and not deleted."""
        offset = max(offset, self._begins[partition])
        return self._entry(partition, offset) if offset < len(self._published[partition]) else None

    def between(self, user: str, start: Sequence[int], end: Sequence[int]) -> list[tuple[int, int]]:
        """Partition and offset of each event in the range whose audience has `user`."""
        return [
            (partition, offset)
            for partition, audiences in enumerate(self._audiences)
            for offset in range(start[partition], min(end[partition], len(audiences)))
            if user in audiences[offset]
        ]

    async def sync(self, user: str, at: str, **_: object) -> StoreResponse:
        start, reached = cursor.decode(at).offsets, list(self.offsets)
        missed = self.between(user, start, reached)
        page, more = missed[:_PAGE], len(missed) > _PAGE
        if more:
            partition, offset = page[-1]
            reached = [*reached[:partition], next_offset(offset), *start[partition + 1 :]]
        answer = SyncPage([orjson.dumps(pair) for pair in page], cursor.encode(EPOCH, user, reached), more)
        await self.answers.wait()
        return StoreResponse(200, answer.encode())

    def progress(self) -> ProjectionOffsets:
        return ProjectionOffsets(EPOCH, self.offsets)

    def _entry(self, partition: int, offset: int) -> DispatchEntry:
        event = self._published[partition][offset]
        frame = orjson.dumps([partition, event]).decode()
        audience = self._audiences[partition][event]
        kind = "chat.member.removed.v1" if event in self._changes[partition] else "chat.message.sent.v1"
        return DispatchEntry(
            offset=offset,
            position=Position(EPOCH, partition, event),
            kind=kind,
            conversation=CONVERSATIONS[partition],
            audience=audience,
            frame=frame,
        )
