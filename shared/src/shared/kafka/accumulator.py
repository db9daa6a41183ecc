"""Batches records per partition without a linger timer.

A request to Kafka costs far more than one more record in it. A partition has one batch in flight; records
that arrive meanwhile form the next. So batches grow with the load, and a single record is sent at once.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from shared.kafka.types import MAX_BATCH_RECORDS, BatchResult, OutgoingRecord, ProducerPort, Unconfirmed

_QUEUE_TIMEOUT = 4.0
"""Seconds a record may be queued, so that a broker that is too slow does not make the queue grow."""


class _QueuedRecord(NamedTuple):
    record: OutgoingRecord
    offset: asyncio.Future[int]
    deadline: float


class Accumulator:
    def __init__(self, producer: ProducerPort, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._queues: dict[int, deque[_QueuedRecord]] = {}
        """Queued records by partition, while that partition has a batch in flight."""
        self._tasks: set[asyncio.Task[None]] = set()

    def append(self, partition: int, record: OutgoingRecord) -> asyncio.Future[int]:
        """Queue the record. Records of one partition are written in the order of these calls. Await the
        future for its offset: it raises Unconfirmed when the broker does not confirm, after `_QUEUE_TIMEOUT`
        and the producer's timeout at most. Raises Unconfirmed at once when no broker is connected."""
        if not self._producer.is_ready:
            raise Unconfirmed("no broker answers")
        loop = asyncio.get_running_loop()
        queued = _QueuedRecord(record, loop.create_future(), loop.time() + _QUEUE_TIMEOUT)
        if (queue := self._queues.get(partition)) is not None:
            queue.append(queued)
            return queued.offset
        self._queues[partition] = queue = deque([queued])
        task = loop.create_task(self._append_batches(partition, queue))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return queued.offset

    async def _append_batches(self, partition: int, queue: deque[_QueuedRecord]) -> None:
        """Append batch after batch until the queue is empty."""
        try:
            while _fail_expired(queue):
                batch = [waiting.record for waiting in islice(queue, MAX_BATCH_RECORDS)]
                result = await self._producer.append_batch(self._topic, partition, batch)
                _confirm([queue.popleft() for _ in range(result.record_count)], result)
        except Exception as error:
            _fail_all(queue, error)
        finally:
            _fail_all(queue, None)
            del self._queues[partition]


def _confirm(batch: Sequence[_QueuedRecord], result: BatchResult) -> None:
    for number, queued in enumerate(batch):
        if not queued.offset.done():
            queued.offset.set_result(result.first_offset + number)


def _fail_expired(queue: deque[_QueuedRecord]) -> int:
    """Fail records whose deadline has passed; return how many remain."""
    now = asyncio.get_running_loop().time()
    while queue and queue[0].deadline < now:
        _fail(queue.popleft(), None)
    return len(queue)


def _fail_all(queue: deque[_QueuedRecord], error: Exception | None) -> None:
    """Fail all queued records: behind a batch that was not confirmed none can be written in order."""
    while queue:
        _fail(queue.popleft(), error)


def _fail(queued: _QueuedRecord, cause: Exception | None) -> None:
    if not queued.offset.done():
        unconfirmed = Unconfirmed("the log did not confirm")
        unconfirmed.__cause__ = cause
        queued.offset.set_exception(unconfirmed)
