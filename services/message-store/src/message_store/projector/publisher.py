"""Telling chat.messages what is committed: per partition strictly in order, never with a hole.

One Kafka batch of a partition is under way at a time, and the next is sent only when it is confirmed: so
a failure can double what was told, but neither lose nor reorder it. Batches grow by themselves while one
is in flight; when idle there is no delay.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice

import structlog
from prometheus_client import Counter, Gauge

from message_store.domain import Sent
from message_store.domain.fold import Folded
from message_store.read_models.entry_encoder import record
from shared.contract import codec
from shared.kafka import OutgoingRecord, Unconfirmed
from shared.kafka.types import MAX_BATCH_RECORDS, ProducerPort
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_told = Counter("projector_entries_published_total", "Entries and rejections confirmed in chat.messages")
_waiting = Gauge("projector_entries_unpublished", "Entries committed but not yet confirmed in chat.messages")


class Line:
    """What is to be told of one partition, first in first out. It becomes bytes when it is sent: by then the
    projector's next batch is on its way to the database."""

    def __init__(self) -> None:
        self.waiting: deque[Folded] = deque()
        self.size = 0
        """Bytes, roughly."""

    def add(self, folded: Folded) -> None:
        self.waiting.append(folded)
        self.size += _size(folded)

    def told(self, count: int) -> None:
        """The first `count` are."""
        self.size -= sum(_size(self.waiting.popleft()) for _ in range(count))


def _size(folded: Folded) -> int:
    text = len(folded.outcome.text) if isinstance(folded.outcome, Sent) else 0
    return 500 + text + 16 * len(folded.audience)


class Publisher:
    def __init__(self, producer: ProducerPort, topic: str, *, epoch: str, source: str) -> None:
        self._producer = producer
        self._topic = topic
        self._epoch = epoch
        self._source = source
        self._lines: dict[int, Line] = {}
        self._work = asyncio.Event()
        self._idle = asyncio.Event()

    def restart(self, partition: int) -> None:
        """Forget what was in line: its reader starts anew from the journal."""
        self._lines[partition] = Line()

    def drop(self, partition: int) -> None:
        self._lines.pop(partition, None)

    def tell(self, batch: Iterable[Folded]) -> None:
        """Put in line what is committed; the caller keeps the order of offsets within a partition."""
        for folded in batch:
            if folded.told and folded.partition in self._lines:
                self._lines[folded.partition].add(folded)
        self._idle.clear()
        self._work.set()

    def backlog(self, partition: int) -> int:
        """Bytes in line."""
        line = self._lines.get(partition)
        return line.size if line else 0

    def published(self, partition: int, committed: int) -> int:
        """Every event below this offset is told, given that those below `committed` were put in line."""
        line = self._lines.get(partition)
        return line.waiting[0].offset if line and line.waiting else committed

    async def run(self) -> None:
        """For ever: rounds of at most one batch a partition. Begun anew it goes on with what is in line."""
        self._work.set()
        while True:
            await self._work.wait()
            self._work.clear()
            while lines := [(p, line) for p, line in self._lines.items() if line.waiting]:
                _waiting.set(sum(len(line.waiting) for _, line in lines))
                if not await self._rounds(lines):
                    await asyncio.sleep(0.05)
            _waiting.set(0)
            self._idle.set()

    async def drained(self, patience: float) -> None:
        """Wait until all is told, but no longer than `patience` seconds."""
        if any(line.waiting for line in self._lines.values()):
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._idle.wait()

    def _appendable(self, folded: Folded) -> OutgoingRecord:
        value = record(folded, self._epoch, self._source)
        return OutgoingRecord(str(folded.conversation_id).encode(), value, codec.HEADERS)

    async def _rounds(self, lines: list[tuple[int, Line]]) -> bool:
        """Whether all were confirmed."""
        if len(lines) == 1:  # as it is when little is said: a task is dear then
            return await self._round(*lines[0])
        async with asyncio.TaskGroup() as group:  # none of them outlives another's failure
            rounds = [group.create_task(self._round(p, line)) for p, line in lines]
        return all(each.result() for each in rounds)

    async def _round(self, partition: int, line: Line) -> bool:
        batch = map(self._appendable, islice(line.waiting, MAX_BATCH_RECORDS))
        try:
            count = (await self._producer.append_batch(self._topic, partition, batch)).record_count
        except Unconfirmed as error:
            log.warning(
                "publisher.unconfirmed", partition=partition, first=line.waiting[0].offset, reason=str(error)
            )
            return False
        failpoint("publisher.confirmed")
        line.told(count)
        _told.inc(count)
        return True
