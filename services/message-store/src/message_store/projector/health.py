"""Whether the projector makes progress while there is work; that it answers proves nothing."""

import asyncio
import time
from collections.abc import Iterable

from message_store.projector.partition_ownership import PartitionOwnership
from shared.kafka.types import ConsumerPort
from shared.metrics.partition_gauge import PartitionGauge
from shared.runtime.stall_detector import StallDetector

_INTERVAL_SECONDS = 1.0
_FIRST_ASSIGNMENT_INTERVAL_SECONDS = 0.05

_lag = PartitionGauge("projector_lag_records", "Events of chat.events that are not projected yet.")
_next = PartitionGauge("projector_next_offset", "The offset in chat.events that is projected next.")


class ProjectorHealth:
    def __init__(self, stalled_after: float) -> None:
        """`stalled_after`: seconds without progress, although there is work, after which it is unhealthy."""
        self._stall_detector = StallDetector(stalled_after)
        self._lag: dict[int, int] = {}
        _lag.set_function(lambda: self._lag)

    def faults(self) -> Iterable[str]:
        """Yield why the projector counts as stalled; nothing while it is healthy."""
        if stuck := self._stall_detector.stalled_partitions():
            yield f"there are events to project in partitions {stuck}, but none is projected"

    async def watch(self, ownership: PartitionOwnership, consumer: ConsumerPort) -> None:
        """Compare progress with the ends of the log once a second until cancelled."""
        _next.set_function(lambda: ownership.next)
        while True:
            is_assigned = bool(consumer.revision)
            if is_assigned:
                await self._observe(ownership, consumer)
            await asyncio.sleep(_INTERVAL_SECONDS if is_assigned else _FIRST_ASSIGNMENT_INTERVAL_SECONDS)

    async def _observe(self, ownership: PartitionOwnership, consumer: ConsumerPort) -> None:
        try:
            ends = await consumer.end_offsets(sorted(consumer.partitions))
        except TimeoutError:
            return
        offsets = {partition: ownership.next.get(partition, -1) for partition in ends}
        self._lag = {partition: end - max(offsets[partition], 0) for partition, end in ends.items()}
        # Partitions that wait for the database, for Kafka or for a newer release do not count as stalled:
        # a restart would not help.
        waiting = ends.keys() if ownership.is_waiting else ownership.stopped & ends.keys()
        offsets |= {partition: ends[partition] for partition in waiting}
        self._stall_detector.observe(offsets, ends, time.monotonic())
