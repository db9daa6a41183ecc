"""Where records wait for one another: at once into the log while few come, together while many do.

A request to Kafka costs far more than one more record in it. So a partition has one batch under way at a
time, batches begin together, and not sooner than a few milliseconds after the ones before; who comes after a
pause does not wait at all. (Kafka's own producer lets every record wait 5 ms since release 4.0: KIP-1030.)
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from shared.kafka.types import Appendable, Appended, ProducerPort, Unconfirmed

PACE = 0.005
"""Seconds at least from one beginning to the next."""
_BATCH = 2_000  # records; the producer's own bound is in bytes


class _Waiting(NamedTuple):
    record: Appendable
    offset: asyncio.Future[int]


class Accumulator:
    def __init__(self, producer: ProducerPort, topic: str, *, pace: float = PACE) -> None:
        self._producer = producer
        self._topic = topic
        self._pace = pace
        self._lines: defaultdict[int, deque[_Waiting]] = defaultdict(deque)
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0

    def put(self, partition: int, record: Appendable) -> asyncio.Future[int]:
        """In line: of one partition what was put first is written first. Await the offset for the broker's
        confirmation; that raises Unconfirmed (after the producer's time limit, and once more that if a batch
        was under way), as this does when there is no broker."""
        if not self._producer.ready:
            raise Unconfirmed("no broker answers")
        offset: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._lines[partition].append(_Waiting(record, offset))
        self._schedule()
        return offset

    def _schedule(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._not_before), self._begin, loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer, self._not_before = None, loop.time() + self._pace
        for partition in self._lines.keys() - self._under_way.keys():
            self._under_way[partition] = loop.create_task(self._append(partition))

    async def _append(self, partition: int) -> None:
        """One batch of it, then others have their turn."""
        line = self._lines[partition]
        batch = list(islice(line, _BATCH))
        try:
            records = [waiting.record for waiting in batch]
            appended = await self._producer.append_batch(self._topic, partition, records)
            _confirm([line.popleft() for _ in range(appended.taken)], appended)
        except Exception as error:
            self._fail(partition, error)
        finally:
            del self._under_way[partition]
            if line:
                self._schedule()
            else:
                del self._lines[partition]

    def _fail(self, partition: int, error: Exception) -> None:
        """What waits behind a batch that was not confirmed would wait for nothing."""
        line = self._lines[partition]
        while line:
            if not (offset := line.popleft().offset).done():
                offset.set_exception(error)


def _confirm(batch: Sequence[_Waiting], appended: Appended) -> None:
    for number, waiting in enumerate(batch):
        if not waiting.offset.done():
            waiting.offset.set_result(appended.first + number)
