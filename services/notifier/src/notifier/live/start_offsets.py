"""Where a partition that was just assigned begins.

A little before the group's commit, so that a gateway that heard less than the others from the owner before
is told the rest (the others drop it); but not so far behind that gateways hear of nothing new for long: what
lies before is a gap to them, and their sockets catch up through the store. Without a commit, at the end.
"""

from collections.abc import Sequence
from typing import Protocol

import structlog

from notifier.live.dispatch_entry import dispatch_entry_of
from notifier.live.replay_buffer import PartitionReplayBuffer
from shared.contract.codec import Undecodable
from shared.contract.position import Position
from shared.kafka import Record
from shared.kafka.types import GroupConsumerPort

log = structlog.get_logger()

MAX_LAG_RECORDS = 10_000  # records
OVERLAP_RECORDS = 200


class RecordLookup(Protocol):
    async def records_at(self, offsets: dict[int, int]) -> dict[int, Record]: ...


class StartOffsets:
    def __init__(self, consumer: GroupConsumerPort, records: RecordLookup) -> None:
        self._consumer = consumer
        self._records = records

    async def replay_buffers(self, partitions: Sequence[int]) -> list[PartitionReplayBuffer]:
        """Raises TimeoutError when Kafka does not answer."""
        if not partitions:
            return []
        begins = await self._consumer.begins(partitions)
        ends = await self._consumer.ends(partitions)
        committed = await self._consumer.committed(partitions)
        starts = {
            partition: start_offset(begins[partition], ends[partition], committed.get(partition))
            for partition in partitions
        }
        before = {partition: offset - 1 for partition, offset in starts.items() if offset > begins[partition]}
        last_records = await self._records.records_at(before) if before else {}
        for partition, offset in starts.items():
            if offset > committed.get(partition, offset):
                log.warning(
                    "partition.lag_skipped", partition=partition, committed=committed[partition], starts=offset
                )
        known = {partition: offset for partition, offset in committed.items() if offset <= ends[partition]}
        return [
            PartitionReplayBuffer(
                partition, offset, _position(last_records.get(partition)), known.get(partition, -1)
            )
            for partition, offset in starts.items()
        ]


def start_offset(begin: int, end: int, committed: int | None) -> int:
    """The offset to begin at, of a partition that holds [begin, end)."""
    return (
        end if committed is None else max(begin, end - MAX_LAG_RECORDS, min(committed, end) - OVERLAP_RECORDS)
    )


def _position(record: Record | None) -> Position | None:
    try:
        return None if record is None else dispatch_entry_of(record).position
    except Undecodable:
        return None
