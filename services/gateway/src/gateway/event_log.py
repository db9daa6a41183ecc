"""The door to `chat.events`: appends events, and knows where the log ends. It never reads them."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from shared import codec
from shared.events import ConversationEvent
from shared.failpoints import failpoint
from shared.kafka import Place, Unconfirmed, partition_for
from shared.kafka.types import ProducerPort
from shared.log_identity import LogIdentity
from shared.position import Position


class EndsPort(Protocol):
    async def ends(self, partitions: Sequence[int]) -> dict[int, int]: ...


class EventLog:
    def __init__(self, producer: ProducerPort, ends: EndsPort, topic: str) -> None:
        self.identity: LogIdentity | None = None
        """Not known before Kafka was seen; until then nothing is appended."""
        self.refused = False
        """It was seen, and is none of ours."""
        self._producer = producer
        self._ends = ends
        self._topic = topic

    @property
    def ready(self) -> bool:
        return self.identity is not None and self._producer.ready

    async def append(self, event: ConversationEvent) -> Awaitable[Position]:
        """Puts the event in line: calls that returned in order are written in order. Await what is returned
        for the broker's confirmation. Both steps raise Unconfirmed."""
        if self.identity is None:
            raise Unconfirmed("the log was not seen yet")
        key = event.subject.encode()
        partition = partition_for(key, self.identity.partitions)
        failpoint("gateway.producing")
        return _position(
            self.identity.epoch,
            await self._producer.send(self._topic, partition, key, codec.encode(event), codec.HEADERS),
        )

    async def ends(self) -> dict[int, int]:
        """Per partition the offset that the next event will get. Raises TimeoutError within four seconds."""
        if self.identity is None:
            raise TimeoutError("the log was not seen yet")
        return await self._ends.ends(range(self.identity.partitions))


async def _position(epoch: str, confirmed: Awaitable[Place]) -> Position:
    place = await confirmed
    failpoint("gateway.confirmed")
    return Position(epoch, place.partition, place.offset)
