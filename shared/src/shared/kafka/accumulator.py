"""Where records wait for one another: at once into the log while few come, together while many do.

A request to Kafka costs far more than one more record in it. A partition has one batch under way at a time,
and what comes meanwhile makes the next: so batches grow with the load, and nothing waits for a timer.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from shared.kafka.types import BATCH, Appendable, Appended, ProducerPort, Unconfirmed

_PATIENCE = 4.0
"""Seconds in line: a broker that is too slow for what comes must not make all wait ever longer."""


class _Waiting(NamedTuple):
    record: Appendable
    offset: asyncio.Future[int]
    until: float


class Accumulator:
    def __init__(self, producer: ProducerPort, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._lines: dict[int, deque[_Waiting]] = {}
        """Of each partition that has a batch under way."""
        self._under_way: set[asyncio.Task[None]] = set()

    def put(self, partition: int, record: Appendable) -> asyncio.Future[int]:
        """In line: of one partition what was put first is written first. Await the offset for the broker's
        confirmation; that raises Unconfirmed (after four seconds in line and the producer's time limit at
        most), as this does when there is no broker."""
        if not self._producer.ready:
            raise Unconfirmed("no broker answers")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(record, loop.create_future(), loop.time() + _PATIENCE)
        if (line := self._lines.get(partition)) is not None:
            line.append(waiting)
            return waiting.offset
        self._lines[partition] = line = deque([waiting])
        task = loop.create_task(self._append(partition, line))  # it begins with what this turn brings besides
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return waiting.offset

    async def _append(self, partition: int, line: deque[_Waiting]) -> None:
        """One batch after the other, as long as something waits."""
        try:
            while _dismiss(line):
                batch = [waiting.record for waiting in islice(line, BATCH)]
                appended = await self._producer.append_batch(self._topic, partition, batch)
                _confirm([line.popleft() for _ in range(appended.taken)], appended)
        except Exception as error:
            _fail(line, error)
        finally:
            _fail(line, None)
            del self._lines[partition]


def _confirm(batch: Sequence[_Waiting], appended: Appended) -> None:
    for number, waiting in enumerate(batch):
        if not waiting.offset.done():
            waiting.offset.set_result(appended.first + number)


def _dismiss(line: deque[_Waiting]) -> int:
    """Who waited too long was not sent, and is told so; how many are left."""
    now = asyncio.get_running_loop().time()
    while line and line[0].until < now:
        _refuse(line.popleft(), None)
    return len(line)


def _fail(line: deque[_Waiting], error: Exception | None) -> None:
    """What waits behind a batch that was not confirmed would wait for nothing."""
    while line:
        _refuse(line.popleft(), error)


def _refuse(waiting: _Waiting, cause: Exception | None) -> None:
    if not waiting.offset.done():
        refusal = Unconfirmed("the log did not confirm")
        refusal.__cause__ = cause
        waiting.offset.set_exception(refusal)
