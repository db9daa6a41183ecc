"""Publish to chat.messages what is committed: of each partition strictly in order, without gaps.

One Kafka batch of a partition is in flight at a time, and the next is sent only when it is confirmed: a
failure can publish an entry twice, but neither lose nor reorder it. Batches grow while one is in flight; an
idle publisher adds no delay.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice

import structlog
from prometheus_client import Counter, Gauge

from message_store.domain.events.message_sent import MessageSent
from message_store.domain.fold import FoldResult
from message_store.read_models.entry_encoder import encode_entry
from shared.contract import codec
from shared.kafka import BatchResult, OutgoingRecord, Unconfirmed
from shared.kafka.types import MAX_BATCH_RECORDS, ProducerPort
from shared.metrics.delays import DelayHistogram
from shared.runtime.failpoints import failpoint
from shared.tracing import messaging
from shared.tracing.port import NO_TRACER, Span, Tracer
from shared.tracing.traceparent import added_to

log = structlog.get_logger()

_RETRY_INTERVAL_SECONDS = 0.05

_published = Counter(
    "projector_entries_published_total", "Entries and rejections confirmed in chat.messages."
)
_unpublished = Gauge(
    "projector_entries_unpublished", "Entries committed but not yet confirmed in chat.messages."
)
_publish_delay = DelayHistogram(
    "projector_publish_delay_seconds", "From an event's acceptance until chat.messages holds its entry."
)


class PartitionQueue:
    """The results of one partition that are to be published, first in first out. They are encoded when they
    are sent: by then the projector's next batch is on its way to the database."""

    def __init__(self) -> None:
        self.waiting: deque[FoldResult] = deque()
        self.size = 0
        """Bytes of memory, roughly."""
        self.traces: dict[int, str] = {}
        """The traceparent of results that are traced, by offset. Only here: after a restart the queue is read
        from the journal, and what it holds is published without one."""

    def add(self, result: FoldResult) -> None:
        self.waiting.append(result)
        self.size += _size(result)

    def acknowledge(self, count: int) -> None:
        """Remove the first `count`: they are confirmed."""
        for _ in range(count):
            result = self.waiting.popleft()
            self.size -= _size(result)
            if self.traces:
                self.traces.pop(result.offset, None)


def _size(result: FoldResult) -> int:
    text = len(result.outcome.text) if isinstance(result.outcome, MessageSent) else 0
    return 500 + text + 16 * len(result.audience)


class Publisher:
    def __init__(
        self, producer: ProducerPort, topic: str, *, epoch: str, source: str, tracer: Tracer = NO_TRACER
    ) -> None:
        self._producer = producer
        self._tracer = tracer
        self._send = messaging.send(topic)
        self._topic = topic
        self._epoch = epoch
        self._source = source
        self._queues: dict[int, PartitionQueue] = {}
        self._has_work = asyncio.Event()
        self._is_drained = asyncio.Event()
        _unpublished.set_function(lambda: sum(len(queue.waiting) for queue in self._queues.values()))

    def restart(self, partition: int) -> None:
        """Begin the partition with an empty queue: the caller reads its outbox again."""
        self._queues[partition] = PartitionQueue()

    def drop(self, partition: int) -> None:
        """Publish nothing more of the partition."""
        self._queues.pop(partition, None)

    def drop_all(self) -> None:
        """Publish nothing more of any partition."""
        self._queues.clear()

    def enqueue(self, results: Iterable[FoldResult], traces: Mapping[tuple[int, int], str] = {}) -> None:
        """Queue committed results. The caller keeps the order of offsets within a partition. `traces`: the
        traceparent of published results that are traced, by partition and offset."""
        for result in results:
            if result.is_published and result.partition in self._queues:
                self._queues[result.partition].add(result)
        for (partition, offset), traceparent in traces.items():
            if partition in self._queues:
                self._queues[partition].traces[offset] = traceparent
        self._is_drained.clear()
        self._has_work.set()

    def backlog(self, partition: int) -> int:
        """Return the queue's size in bytes."""
        queue = self._queues.get(partition)
        return queue.size if queue else 0

    def published(self, partition: int, committed: int) -> int:
        """Return the offset below which everything is published, given that everything below `committed` was
        queued."""
        queue = self._queues.get(partition)
        return queue.waiting[0].offset if queue and queue.waiting else committed

    async def run(self) -> None:
        """Publish rounds of at most one batch a partition until cancelled. Run again, it goes on with what is
        queued."""
        self._has_work.set()
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            while queues := [(p, queue) for p, queue in self._queues.items() if queue.waiting]:
                if not await self._publish_all(queues):
                    await asyncio.sleep(_RETRY_INTERVAL_SECONDS)
            self._is_drained.set()

    async def wait_drained(self, within: float) -> None:
        """Wait until everything is published, but at most `within` seconds."""
        if any(queue.waiting for queue in self._queues.values()):
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._is_drained.wait()

    async def _publish_all(self, queues: list[tuple[int, PartitionQueue]]) -> bool:
        """Publish one batch of each. Return whether all were confirmed."""
        if len(queues) == 1:  # the usual case at a low rate, where a task is a notable cost
            return await self._publish_batch(*queues[0])
        async with asyncio.TaskGroup() as group:  # when one fails, no other outlives it
            rounds = [group.create_task(self._publish_batch(p, queue)) for p, queue in queues]
        return all(each.result() for each in rounds)

    async def _publish_batch(self, partition: int, queue: PartitionQueue) -> bool:
        results = islice(queue.waiting, MAX_BATCH_RECORDS)
        spans: list[Span | None] = []
        """Of each record offered."""
        if queue.traces:
            batch = self._traced_records(results, queue.traces, spans)
        else:
            batch = map(self._record, results)
        try:
            written = await self._producer.append_batch(self._topic, partition, batch)
        except Unconfirmed as error:
            first = queue.waiting[0].offset
            log.warning("publisher.unconfirmed", partition=partition, first=first, reason=str(error))
            _fail(spans)
            return False
        failpoint("publisher.confirmed")
        count = written.record_count
        _end(spans, partition, written)
        _publish_delay.observe_since(result.time for result in islice(queue.waiting, count))
        queue.acknowledge(count)
        _published.inc(count)
        return True

    def _record(self, result: FoldResult) -> OutgoingRecord:
        value = encode_entry(result, self._epoch, self._source)
        return OutgoingRecord(result.key.encode(), value, codec.HEADERS)

    def _traced_records(
        self, results: Iterable[FoldResult], traces: Mapping[int, str], spans: list[Span | None]
    ) -> Iterator[OutgoingRecord]:
        """Yield the records, each with the traceparent of a span that is added to `spans`."""
        for result in results:
            record, parent = self._record(result), traces.get(result.offset)
            span = None if parent is None else self._tracer.start(self._send, parent=parent)
            spans.append(span)
            if span is not None:
                record = record._replace(headers=added_to(record.headers, span.traceparent))
            yield record


def _end(spans: Iterable[Span | None], partition: int, written: BatchResult) -> None:
    """End the spans of the records written. The others are offered again, with spans of their own."""
    for number, span in enumerate(islice(spans, written.record_count)):
        if span is not None:
            span.set(messaging.place(partition, written.first_offset + number))
            span.end()


def _fail(spans: Iterable[Span | None]) -> None:
    for span in spans:
        if span is not None:
            span.fail(Unconfirmed.__name__)
            span.end()
