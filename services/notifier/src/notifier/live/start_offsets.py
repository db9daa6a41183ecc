"""Where a partition that was just assigned starts.

A little before the group's commit, so that gateways which the previous owner sent less than others receive
the rest (the others drop it as duplicates). But not so far behind that nothing new arrives for long: what
lies before the start is a gap to gateways, whose connections catch up through the store. Without a commit, at
the end of the partition.
"""

from collections.abc import Sequence
from typing import Protocol

import structlog

from notifier.live.dispatch_entry import DispatchEntry
from notifier.live.replay_buffer import PartitionReplayBuffer
from shared.contract.codec import DecodeError
from shared.contract.position import Position
from shared.kafka import Record
from shared.kafka.types import GroupConsumerPort

log = structlog.get_logger()

MAX_LAG_RECORDS = 10_000
OVERLAP_RECORDS = 200


class RecordLookup(Protocol):
    async def records_at(self, offsets: dict[int, int]) -> dict[int, Record]:
        """By partition, the record at the offset, where there is one. Raises TimeoutError."""
        ...


class StartOffsets:
    def __init__(self, consumer: GroupConsumerPort, lookup: RecordLookup) -> None:
        self._consumer = consumer
        self._lookup = lookup

    async def replay_buffers(self, partitions: Sequence[int]) -> list[PartitionReplayBuffer]:
        """An empty replay buffer for each partition, at its start offset. Raises TimeoutError when Kafka does
        not answer."""
        if not partitions:
            return []
        begins = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        committed = await self._consumer.committed(partitions)
        starts = {p: start_offset(begins[p], ends[p], committed.get(p)) for p in partitions}
        before = {p: offset - 1 for p, offset in starts.items() if offset > begins[p]}
        last_records = await self._lookup.records_at(before) if before else {}
        for p, offset in starts.items():
            if offset > committed.get(p, offset):
                log.warning("partition.lag_skipped", partition=p, committed=committed[p], at=offset)
        valid_commits = {p: offset for p, offset in committed.items() if offset <= ends[p]}
        return [
            PartitionReplayBuffer(p, offset, _position(last_records.get(p)), valid_commits.get(p, -1))
            for p, offset in starts.items()
        ]


def start_offset(begin: int, end: int, committed: int | None) -> int:
    """The offset to start at in a partition that holds [begin, end)."""
    if committed is None:
        return end
    return max(begin, end - MAX_LAG_RECORDS, min(committed, end) - OVERLAP_RECORDS)


def _position(record: Record | None) -> Position | None:
    try:
        return None if record is None else DispatchEntry.from_record(record).position
    except DecodeError:
        return None
