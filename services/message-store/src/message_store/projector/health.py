"""Is the projector alive? Not "does it answer" but "does it make progress while there is work"."""

import asyncio
import time
from collections.abc import Iterable

from prometheus_client import Gauge

from message_store.projector.partition_ownership import Tenure
from shared.kafka.types import ConsumerPort
from shared.runtime.stall_detector import StallDetector

_lag = Gauge("projector_lag_records", "Events in the log that are not projected yet")


class Vigil:
    def __init__(self, stalled_after: float) -> None:
        self._pulse = StallDetector(stalled_after)
        self._tenure: Tenure | None = None

    def alive(self) -> Iterable[str]:
        if stuck := self._pulse.stalled_partitions():
            yield f"there are events to project in partitions {stuck}, but none is projected"

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
            ends = await consumer.end_offsets(sorted(consumer.partitions))
        except TimeoutError:
            return
        at = {partition: tenure.next.get(partition, -1) for partition in ends}
        _lag.set(sum(end - max(at[partition], 0) for partition, end in ends.items()))
        if tenure.waiting:  # a restart brings no database back
            at = ends
        self._pulse.observe(at, ends, time.monotonic())
