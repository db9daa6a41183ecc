"""Where a partition that was just assigned begins.

A little before the group's commit, so that a gateway that heard less than the others from the owner before
is told the rest (the others drop it); but not so far behind that gateways hear of nothing new for long: what
lies before is a gap to them, and their sockets catch up through the store. Without a commit, at the end.
"""

from collections.abc import Sequence
from typing import Protocol

import structlog

from notifier.live.dispatch_entry import notice_of
from notifier.live.replay_buffer import Stream
from shared.contract.codec import DecodeError
from shared.contract.position import Position
from shared.kafka import Record
from shared.kafka.types import GroupConsumerPort

log = structlog.get_logger()

REACH = 10_000  # records
BACK = 200


class LookBack(Protocol):
    async def records_at(self, offsets: dict[int, int]) -> dict[int, Record]: ...


class Starts:
    def __init__(self, consumer: GroupConsumerPort, look_back: LookBack) -> None:
        self._consumer = consumer
        self._look_back = look_back

    async def streams(self, partitions: Sequence[int]) -> list[Stream]:
        """Raises TimeoutError when Kafka does not answer."""
        if not partitions:
            return []
        begins = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        committed = await self._consumer.committed(partitions)
        at = {p: start(begins[p], ends[p], committed.get(p)) for p in partitions}
        before = {p: offset - 1 for p, offset in at.items() if offset > begins[p]}
        records = await self._look_back.records_at(before) if before else {}
        for p, offset in at.items():
            if offset > committed.get(p, offset):
                log.warning("partition.skips", partition=p, committed=committed[p], at=offset)
        known = {p: offset for p, offset in committed.items() if offset <= ends[p]}
        return [Stream(p, offset, _position(records.get(p)), known.get(p, -1)) for p, offset in at.items()]


def start(begin: int, end: int, committed: int | None) -> int:
    """The offset to begin at, of a partition that holds [begin, end)."""
    return end if committed is None else max(begin, end - REACH, min(committed, end) - BACK)


def _position(record: Record | None) -> Position | None:
    try:
        return None if record is None else notice_of(record).position
    except DecodeError:
        return None
