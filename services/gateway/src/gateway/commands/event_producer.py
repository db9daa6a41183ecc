"""Produces to `chat.events`, and knows the end of the log. Never reads events."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from shared.contract import codec
from shared.contract.events import AggregateEvent
from shared.contract.position import Position
from shared.kafka import Accumulator, OutgoingRecord, Unconfirmed, partition_for
from shared.kafka.types import Headers, ProducerPort
from shared.log.log_epoch import LogIdentity
from shared.runtime.failpoints import failpoint
from shared.tracing import messaging
from shared.tracing.port import NO_TRACER, Span, Tracer
from shared.tracing.traceparent import added_to


class EndsPort(Protocol):
    async def end_offsets(self, partitions: Sequence[int]) -> dict[int, int]: ...


class EventProducer:
    def __init__(
        self, producer: ProducerPort, ends: EndsPort, topic: str, tracer: Tracer = NO_TRACER
    ) -> None:
        self.identity: LogIdentity | None = None
        """None until Kafka was reached; nothing is appended before."""
        self._accumulator = Accumulator(producer, topic)
        self._ends = ends
        self._tracer = tracer
        self._send = messaging.send(topic)

    def append(self, event: AggregateEvent) -> Awaitable[Position]:
        """Enqueue the event: those of one aggregate are written in the order of these calls. Await the
        result for the broker's confirmation. Both steps raise Unconfirmed."""
        if not self._tracer.is_on:
            return self._append(event, codec.HEADERS)
        span = self._tracer.start(self._send)
        try:
            confirmation = self._append(event, added_to(codec.HEADERS, span.traceparent))
        except Unconfirmed:
            span.fail(Unconfirmed.__name__)
            span.end()
            raise
        return _traced(span, confirmation)

    def _append(self, event: AggregateEvent, headers: Headers) -> Awaitable[Position]:
        if self.identity is None:
            raise Unconfirmed("the log was not seen yet")
        record = OutgoingRecord(event.subject.encode(), codec.encode(event), headers)
        partition = partition_for(record.key, self.identity.partitions)
        failpoint("gateway.producing")
        return _position(self.identity.epoch, partition, self._accumulator.append(partition, record))

    async def ends(self) -> dict[int, int]:
        """Return the next offset of each partition. Raises TimeoutError within four seconds."""
        if self.identity is None:
            raise TimeoutError("the log was not seen yet")
        return await self._ends.end_offsets(range(self.identity.partitions))


async def _traced(span: Span, confirmation: Awaitable[Position]) -> Position:
    with span:
        position = await confirmation
        span.set(messaging.place(position.partition, position.offset))
    return position


async def _position(epoch: str, partition: int, confirmation: Awaitable[int]) -> Position:
    offset = await confirmation
    failpoint("gateway.confirmed")
    return Position(epoch, partition, offset)
