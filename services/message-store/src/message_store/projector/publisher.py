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

from message_store.domain.events.message_sent import MessageSent
from message_store.domain.fold import FoldResult
from message_store.read_models.entry_encoder import encode_entry
from shared.contract import codec
from shared.kafka import Appendable, Unconfirmed
from shared.kafka.types import BATCH, ProducerPort
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

_told = Counter("projector_entries_published_total", "Entries and rejections confirmed in chat.messages")
_waiting = Gauge("projector_entries_unpublished", "Entries committed but not yet confirmed in chat.messages")


class PartitionQueue:
    """What is to be told of one partition, first in first out. It becomes bytes when it is sent: by then the
    projector's next batch is on its way to the database."""

    def __init__(self) -> None:
        self.waiting: deque[FoldResult] = deque()
        self.size = 0
        """Bytes, roughly."""

    def add(self, folded: FoldResult) -> None:
        self.waiting.append(folded)
        self.size += _size(folded)

    def acknowledge(self, count: int) -> None:
        """The first `count` are."""
        self.size -= sum(_size(self.waiting.popleft()) for _ in range(count))


def _size(folded: FoldResult) -> int:
    text = len(folded.outcome.text) if isinstance(folded.outcome, MessageSent) else 0
    return 500 + text + 16 * len(folded.audience)


class Publisher:
    def __init__(self, producer: ProducerPort, topic: str, *, epoch: str, source: str) -> None:
        self._producer = producer
        self._topic = topic
        self._epoch = epoch
        self._source = source
        self._queues: dict[int, PartitionQueue] = {}
        self._work = asyncio.Event()
        self._idle = asyncio.Event()

    def restart(self, partition: int) -> None:
        """Forget what was in queue: its reader starts anew from the journal."""
        self._queues[partition] = PartitionQueue()

    def drop(self, partition: int) -> None:
        self._queues.pop(partition, None)

    def enqueue(self, batch: Iterable[FoldResult]) -> None:
        """Put in queue what is committed; the caller keeps the order of offsets within a partition."""
        for folded in batch:
            if folded.is_published and folded.partition in self._queues:
                self._queues[folded.partition].add(folded)
        self._idle.clear()
        self._work.set()

    def backlog(self, partition: int) -> int:
        """Bytes in queue."""
        queue = self._queues.get(partition)
        return queue.size if queue else 0

    def published(self, partition: int, committed: int) -> int:
        """Every event below this offset is told, given that those below `committed` were put in queue."""
        queue = self._queues.get(partition)
        return queue.waiting[0].offset if queue and queue.waiting else committed

    async def run(self) -> None:
        """For ever: rounds of at most one batch a partition. Begun anew it goes on with what is in queue."""
        self._work.set()
        while True:
            await self._work.wait()
            self._work.clear()
            while queues := [(p, queue) for p, queue in self._queues.items() if queue.waiting]:
                _waiting.set(sum(len(queue.waiting) for _, queue in queues))
                if not await self._publish_all(queues):
                    await asyncio.sleep(0.05)
            _waiting.set(0)
            self._idle.set()

    async def wait_drained(self, patience: float) -> None:
        """Wait until all is told, but no longer than `patience` seconds."""
        if any(queue.waiting for queue in self._queues.values()):
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._idle.wait()

    def _appendable(self, folded: FoldResult) -> Appendable:
        value = encode_entry(folded, self._epoch, self._source)
        return Appendable(str(folded.conversation_id).encode(), value, codec.HEADERS)

    async def _publish_all(self, queues: list[tuple[int, PartitionQueue]]) -> bool:
        """Whether all were confirmed."""
        if len(queues) == 1:  # as it is when little is said: a task is dear then
            return await self._publish_batch(*queues[0])
        async with asyncio.TaskGroup() as group:  # none of them outlives another's failure
            rounds = [group.create_task(self._publish_batch(p, queue)) for p, queue in queues]
        return all(each.result() for each in rounds)

    async def _publish_batch(self, partition: int, queue: PartitionQueue) -> bool:
        batch = map(self._appendable, islice(queue.waiting, BATCH))
        try:
            count = (await self._producer.append_batch(self._topic, partition, batch)).taken
        except Unconfirmed as error:
            log.warning(
                "publisher.unconfirmed", partition=partition, first=queue.waiting[0].offset, reason=str(error)
            )
            return False
        failpoint("publisher.confirmed")
        queue.acknowledge(count)
        _told.inc(count)
        return True
