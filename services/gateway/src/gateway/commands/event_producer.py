"""The door to `chat.events`: appends events, and knows where the log ends. It never reads them."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from shared.contract import codec
from shared.contract.events import ConversationEvent
from shared.contract.position import Position
from shared.kafka import Accumulator, OutgoingRecord, Unconfirmed, partition_for
from shared.kafka.types import ProducerPort
from shared.log.log_epoch import LogIdentity
from shared.runtime.failpoints import failpoint


class EndsPort(Protocol):
    async def end_offsets(self, partitions: Sequence[int]) -> dict[int, int]: ...


class EventLog:
    def __init__(self, producer: ProducerPort, ends: EndsPort, topic: str) -> None:
        self.identity: LogIdentity | None = None
        """Not known before Kafka was seen; until then nothing is appended."""
        self.refused = False
        """It was seen, and is none of ours."""
        self._accumulator = Accumulator(producer, topic)
        self._ends = ends

    def append(self, event: ConversationEvent) -> Awaitable[Position]:
        """Puts the event in line: of one conversation what was put first is written first. Await what is
        returned for the broker's confirmation. Both steps raise Unconfirmed."""
        if self.identity is None:
            raise Unconfirmed("the log was not seen yet")
        record = OutgoingRecord(event.subject.encode(), codec.encode(event), codec.HEADERS)
        partition = partition_for(record.key, self.identity.partitions)
        failpoint("gateway.producing")
        return _position(self.identity.epoch, partition, self._accumulator.append(partition, record))

    async def ends(self) -> dict[int, int]:
        """Per partition the offset that the next event will get. Raises TimeoutError within four seconds."""
        if self.identity is None:
            raise TimeoutError("the log was not seen yet")
        return await self._ends.end_offsets(range(self.identity.partitions))


async def _position(epoch: str, partition: int, confirmed: Awaitable[int]) -> Position:
    offset = await confirmed
    failpoint("gateway.confirmed")
    return Position(epoch, partition, offset)
