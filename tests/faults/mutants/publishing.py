"""Bugs of the publisher."""

import asyncio
import itertools
from collections.abc import Iterable

from message_store.projector.batch import FoldedBatch
from message_store.projector.pipeline import Pipeline
from message_store.projector.publisher import PartitionQueue, Publisher
from shared.kafka import BatchResult, OutgoingRecord, Producer
from shared.runtime.failpoints import failpoint


def publish_before_commit() -> None:
    """What is folded is told at once, and committed after it."""

    usual = Pipeline._write

    async def write(self: Pipeline, folded: FoldedBatch, *, more: bool) -> None:
        self._publisher.enqueue(folded.results)
        await self._publisher.wait_drained(2.0)
        if any(state and state.kind == "direct" for state in folded.after.conversations.values()):
            failpoint("mutant.between")
        await usual(self, folded, more=more)

    Pipeline._write = write  # type: ignore[method-assign]


def publisher_reorders() -> None:
    """What is sent in one batch is sent the last first."""
    usual = Producer.append_batch

    async def append_batch(
        self: Producer, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        return await usual(self, topic, partition, list(records)[::-1])

    Producer.append_batch = append_batch  # type: ignore[method-assign]


def publisher_trusts() -> None:
    """Now and then a batch is taken for confirmed that was not sent."""
    usual, numbers = Producer.append_batch, itertools.count()

    async def append_batch(
        self: Producer, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        if next(numbers) % 20 == 19:
            return BatchResult(0, len(list(records)))
        return await usual(self, topic, partition, records)

    Producer.append_batch = append_batch  # type: ignore[method-assign]


def publisher_sleeps() -> None:
    """After some batches it tells nothing more."""
    usual, numbers = Publisher._publish_batch, itertools.count()

    async def some(self: Publisher, partition: int, queue: PartitionQueue) -> bool:
        if next(numbers) > 60:
            await asyncio.Event().wait()
        return await usual(self, partition, queue)

    Publisher._publish_batch = some  # type: ignore[method-assign]
