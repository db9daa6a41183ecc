"""Is the projector alive? Not "does it answer" but "does it make progress while there is work"."""

import asyncio
import time
from collections.abc import Iterable

from prometheus_client import Gauge

from message_store.projector.partition_ownership import PartitionOwnership
from shared.kafka.types import ConsumerPort
from shared.runtime.stall_detector import Pulse

_lag = Gauge("projector_lag_records", "Events in the log that are not projected yet")


class ProjectorHealth:
    def __init__(self, stalled_after: float) -> None:
        self._pulse = Pulse(stalled_after)
        self._ownership: PartitionOwnership | None = None

    def alive(self) -> Iterable[str]:
        if stuck := self._pulse.stuck():
            yield f"there are events to project in partitions {stuck}, but none is projected"

    async def watch(self, ownership: PartitionOwnership, consumer: ConsumerPort) -> None:
        """For ever, once a second."""
        while True:
            await asyncio.sleep(0 if self._ownership is None else 1)
            if consumer.revision:
                self._ownership = ownership
                await self._look(ownership, consumer)
            else:
                await asyncio.sleep(0.05)

    async def _look(self, ownership: PartitionOwnership, consumer: ConsumerPort) -> None:
        try:
            ends = await consumer.ends(sorted(consumer.partitions))
        except TimeoutError:
            return
        at = {partition: ownership.next.get(partition, -1) for partition in ends}
        _lag.set(sum(end - max(at[partition], 0) for partition, end in ends.items()))
        if ownership.waiting:  # a restart brings no database back
            at = ends
        self._pulse.observe(at, ends, time.monotonic())
