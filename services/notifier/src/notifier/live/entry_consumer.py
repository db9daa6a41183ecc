"""Consumes entries, dispatches them and commits how far they were dispatched."""

import asyncio
from dataclasses import replace
from typing import NoReturn

import structlog

from notifier.live.dispatch_entry import DispatchEntry
from notifier.live.dispatcher import Dispatcher
from notifier.live.start_offsets import StartOffsets
from shared.contract.codec import DecodeError
from shared.kafka import Record, Unconfirmed
from shared.kafka.types import GroupConsumerPort
from shared.log.dead_letters import DeadLetters
from shared.runtime.failpoints import failpoint
from shared.tracing import messaging
from shared.tracing.port import NO_TRACER, Tracer
from shared.tracing.traceparent import of_record

log = structlog.get_logger()

MAX_BATCH_RECORDS = 200
"""Between two turns of the links."""
CONGESTION_PAUSE_SECONDS = 0.02
"""Between two batches while a link is congested: a backlog must not overflow its queue."""
POLL_TIMEOUT_SECONDS = 0.5
_RETRY_INTERVAL_SECONDS = 0.2


class EntryConsumer:
    def __init__(
        self,
        *,
        consumer: GroupConsumerPort,
        start_offsets: StartOffsets,
        dispatcher: Dispatcher,
        dead_letters: DeadLetters,
        topic: str,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        self._consumer = consumer
        self._start_offsets = start_offsets
        self._dispatcher = dispatcher
        self._dead_letters = dead_letters
        self._topic = topic
        self._tracer = tracer
        self._process = messaging.process(topic)
        self._revision = 0

    @property
    def is_current(self) -> bool:
        """Whether the partitions dispatched are those that the group assigned last."""
        return self._revision == self._consumer.revision

    async def run(self) -> NoReturn:
        while True:
            await self.step()
            await asyncio.sleep(CONGESTION_PAUSE_SECONDS if self._dispatcher.is_congested else 0)

    async def step(self) -> None:
        """Accept a new assignment, or else poll one batch and dispatch it."""
        if not self.is_current:
            await self._accept_assignment()
            return
        for partition, records in (
            await self._consumer.poll(MAX_BATCH_RECORDS, POLL_TIMEOUT_SECONDS)
        ).items():
            if self.is_current:  # nothing was revoked while a dead letter was published
                await self._dispatch(partition, records)

    def send_progress(self) -> None:
        """Report progress to the links; after a revocation, that no partition is assigned."""
        if self.is_current:
            self._dispatcher.send_progress()
        else:
            self._dispatcher.set_partitions(())

    async def commit(self) -> None:
        """Report progress, then commit it: no successor starts above what the gateways were sent."""
        self.send_progress()
        buffers = [
            buffer for buffer in self._dispatcher.buffers.values() if buffer.next_offset > buffer.committed
        ]
        offsets = {buffer.partition: buffer.next_offset for buffer in buffers}
        if not offsets:
            return
        failpoint("notifier.committing")
        try:
            await self._consumer.commit(offsets)
        except Unconfirmed as error:
            log.info("commit.unconfirmed", reason=str(error))
        else:
            for buffer in buffers:
                buffer.committed = offsets[buffer.partition]
            failpoint("notifier.committed")

    async def _accept_assignment(self) -> None:
        revision = self._consumer.revision
        self._dispatcher.set_partitions(())
        try:
            buffers = await self._start_offsets.replay_buffers(sorted(self._consumer.partitions))
        except TimeoutError as error:
            log.warning("partitions.waiting", reason=str(error))
            await asyncio.sleep(_RETRY_INTERVAL_SECONDS)
            return
        if self._consumer.revision != revision:
            return
        for buffer in buffers:
            self._consumer.seek(buffer.partition, buffer.next_offset)
        self._revision = revision
        failpoint("notifier.assigned")
        self._dispatcher.set_partitions(buffers)
        log.info("partitions.assigned", at={buffer.partition: buffer.next_offset for buffer in buffers})
        await self.commit()  # also before anything was dispatched: a successor must not start later

    async def _dispatch(self, partition: int, records: list[Record]) -> None:
        for record in records:
            entry = await self._decode(record)
            if not self.is_current:
                return  # revoked meanwhile
            if entry is None:
                self._dispatcher.skip(partition, record.offset)
            else:
                if self._tracer.is_on:
                    self._dispatch_traced(partition, entry, of_record(record.headers))
                else:
                    self._dispatcher.dispatch(partition, entry)
                failpoint("notifier.dispatched")

    def _dispatch_traced(self, partition: int, entry: DispatchEntry, parent: str) -> None:
        """An entry without a parent begins no trace."""
        if not parent:
            self._dispatcher.dispatch(partition, entry)
            return
        with self._tracer.start(self._process, parent=parent) as span:
            span.set(messaging.place(partition, entry.offset))
            self._dispatcher.dispatch(partition, replace(entry, traceparent=span.traceparent))

    async def _decode(self, record: Record) -> DispatchEntry | None:
        """None for a poison record, which is then a dead letter."""
        try:
            return DispatchEntry.from_record(record)
        except DecodeError as error:
            if record.offset >= self._dispatcher.buffers[record.partition].committed:  # else published before
                await self._dead_letters.publish(self._topic, record, str(error))
            return None
