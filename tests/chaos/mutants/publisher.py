"""Bugs of the publisher."""

import asyncio
import itertools
from collections.abc import Iterable

from message_store.projector.batch import FoldedBatch
from message_store.projector.pipeline import Pipeline
from message_store.projector.publisher import PartitionQueue, Publisher
from shared.kafka import BatchResult, OutgoingRecord, Producer
from tests.chaos.mutants.registry import mutant, replaces


@mutant
def publish_before_commit() -> None:
    """A batch is published before it is committed."""
    write = Pipeline._write

    @replaces(write)
    async def _write(self: Pipeline, folded: FoldedBatch, *, more: bool) -> None:
        self._publisher.enqueue(folded.results)
        await self._publisher.wait_drained(2.0)
        await write(self, folded, more=more)


@mutant
def publisher_reorders() -> None:
    """Each batch is sent in reverse order."""
    append_batch = Producer.append_batch

    @replaces(append_batch)
    async def _append_batch(
        self: Producer, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        return await append_batch(self, topic, partition, list(records)[::-1])


@mutant
def publisher_trusts() -> None:
    """Now and then a batch counts as confirmed without being sent."""
    append_batch, numbers = Producer.append_batch, itertools.count()

    @replaces(append_batch)
    async def _append_batch(
        self: Producer, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        if next(numbers) % 20 == 19:
            return BatchResult(0, len(list(records)))
        return await append_batch(self, topic, partition, records)


@mutant
def publisher_sleeps() -> None:
    """After some batches it publishes nothing more."""
    publish_batch, numbers = Publisher._publish_batch, itertools.count()

    @replaces(publish_batch)
    async def _publish_batch(self: Publisher, partition: int, queue: PartitionQueue) -> bool:
        if next(numbers) > 60:
            await asyncio.Event().wait()
        return await publish_batch(self, partition, queue)
