"""The store, and what was published of it. An entry here is only a place in the log and whom it is for."""

import asyncio
from collections.abc import Sequence
from itertools import count

import orjson

from gateway.store.client import Answer, Belongs, Progress
from notifier.live.dispatch_entry import Notice
from notifier.live.replay_buffer import Stream
from shared.contract import cursor
from shared.contract.position import Position, next_offset
from shared.kafka import partition_for

EPOCH = "0123456789abcdef"
PARTITIONS = 2
TALKS = [
    next(talk for n in count() if partition_for((talk := f"talk {n}").encode(), PARTITIONS) == partition)
    for partition in range(PARTITIONS)
]
"""A conversation of each partition."""
_PAGE = 2


class Memory:
    def __init__(self) -> None:
        self.answers = asyncio.Event()
        """A page that is asked for is read at once, but answered only while this is set."""
        self.committed: dict[int, int] = {}
        """What notifiers left with their group."""
        self._audiences: list[list[Sequence[str]]] = [[] for _ in range(PARTITIONS)]
        """Per offset of `chat.events`."""
        self._changes: list[dict[int, str]] = [{} for _ in range(PARTITIONS)]
        """By its offset, who was removed from the partition's conversation or, if not a member, added."""
        self._published: list[list[int]] = [[] for _ in range(PARTITIONS)]
        """Per offset of `chat.messages` that of the event."""
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

    async def membership(self, user: str, conversation: str) -> Belongs:
        partition, progress = TALKS.index(conversation), self.progress()
        member = self.is_member(partition, user, progress.offsets[partition])
        await self.answers.wait()
        return Belongs(member, progress)

    def publish(self, partition: int, again: int = 0) -> None:
        """All that was folded; before it the last `again` of those that were published already."""
        following = max(self._published[partition], default=-1) + 1
        self._published[partition] += range(max(0, following - again), self.offsets[partition])

    def forget(self, partition: int, count: int) -> None:
        """Kafka's retention takes the oldest."""
        begin = min(self._begins[partition] + count, len(self._published[partition]))
        self._begins[partition] = begin

    def stream(self, partition: int, back: int) -> Stream:
        """As a notifier would begin it, `back` before the group's commit."""
        committed, begin = self.committed.get(partition), self._begins[partition]
        end = len(self._published[partition])
        at = end if committed is None else max(begin, committed - back)
        last = self._notice(partition, at - 1).position if at > begin else None
        return Stream(partition, at, last)

    def following(self, partition: int, offset: int) -> Notice | None:
        """The first that is published and kept from `offset` on."""
        offset = max(offset, self._begins[partition])
        return self._notice(partition, offset) if offset < len(self._published[partition]) else None

    def between(self, user: str, start: Sequence[int], end: Sequence[int]) -> list[tuple[int, int]]:
        """Partition and offset of each event that `user` is to hear of."""
        return [
            (partition, offset)
            for partition, audiences in enumerate(self._audiences)
            for offset in range(start[partition], min(end[partition], len(audiences)))
            if user in audiences[offset]
        ]

    async def sync(self, user: str, at: str, **_: object) -> Answer:
        start, reached = cursor.decode(at).offsets, list(self.offsets)
        missed = self.between(user, start, reached)
        page, more = missed[:_PAGE], len(missed) > _PAGE
        if more:
            partition, offset = page[-1]
            reached = [*reached[:partition], next_offset(offset), *start[partition + 1 :]]
        body = {"entries": page, "cursor": cursor.encode(EPOCH, user, reached), "hasMore": more}
        await self.answers.wait()
        return Answer(200, orjson.dumps(body))

    def progress(self) -> Progress:
        return Progress(EPOCH, self.offsets)

    def _notice(self, partition: int, offset: int) -> Notice:
        event = self._published[partition][offset]
        frame = orjson.dumps([partition, event]).decode()
        audience = self._audiences[partition][event]
        kind = "chat.member.removed.v1" if event in self._changes[partition] else "chat.message.sent.v1"
        return Notice(offset, Position(EPOCH, partition, event), kind, TALKS[partition], audience, frame)
