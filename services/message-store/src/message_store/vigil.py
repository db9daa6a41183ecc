"""Is the projector alive? Not "does it answer" but "does it make progress while there is work"."""

import asyncio
import time
from collections.abc import Iterable

from prometheus_client import Gauge

from message_store.tenure import Tenure
from shared.kafka.types import ConsumerPort

_lag = Gauge("projector_lag_records", "Events in the log that are not projected yet")


class Vigil:
    def __init__(self, stalled_after: float) -> None:
        self._stalled_after = stalled_after
        self._tenure: Tenure | None = None
        self._moved_at = time.monotonic()
        self._seen: dict[int, int] = {}

    def alive(self) -> Iterable[str]:
        still = time.monotonic() - self._moved_at
        if still > self._stalled_after:
            yield f"there are events to project, but none was for {still:.0f} s"

    def ready(self) -> Iterable[str]:
        if self._tenure is None:
            yield "waiting for Kafka, the topics or the group"
        elif self._tenure.waiting or not self._tenure.current:
            yield "waiting for the database or for Kafka"

    async def watch(self, tenure: Tenure, consumer: ConsumerPort) -> None:
        """For ever, once a second."""
        while True:
            await asyncio.sleep(0 if self._tenure is None else 1)
            if consumer.revision:
                self._tenure = tenure
                await self._look(tenure, consumer)
            else:
                await asyncio.sleep(0.05)

    async def _look(self, tenure: Tenure, consumer: ConsumerPort) -> None:
        try:
            ends = await consumer.ends(sorted(consumer.partitions))
        except TimeoutError:
            return
        at = dict(tenure.next)
        lag = sum(end - at.get(partition, 0) for partition, end in ends.items())
        _lag.set(lag)
        if lag == 0 or at != self._seen or tenure.waiting:  # a restart brings no database back
            self._moved_at, self._seen = time.monotonic(), at
