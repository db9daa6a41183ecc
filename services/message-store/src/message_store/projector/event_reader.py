"""Read records from the log and decode their events.

A record that holds no event is poison: its offset is skipped. An event of a type that only a newer release
knows is not: its partition stops there until that release projects it.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import orjson
import structlog

from message_store.domain.events.registry import EVENT_TYPES
from message_store.domain.fold import PoisonRecord
from shared.contract import codec
from shared.contract.codec import DecodeError
from shared.contract.events import Event, LogOpened, key_of
from shared.kafka import Record, partition_for
from shared.kafka.types import ConsumerPort

log = structlog.get_logger()

_event_type = re.compile(r"chat\.event\.[a-z0-9-]{1,64}\.v[0-9]{1,4}")
"""What any release names its events. Anything else is garbage: it stops no partition, and is not logged."""


class UnknownEventType(Exception):
    """The record holds an event of a type that this release does not know."""

    def __init__(self, event_type: str) -> None:
        super().__init__(event_type)
        self.event_type = event_type


class ConsumedRecord(NamedTuple):
    record: Record
    event: Event | PoisonRecord


class EventReader:
    def __init__(self, consumer: ConsumerPort, partitions: int, stop: Callable[[int], None]) -> None:
        """`stop` gets a partition that must not be read beyond an event of an unknown type."""
        self._consumer = consumer
        self._partitions = partitions
        self._stop = stop
        self.has_more = False
        """The last batch was as large as it may be: more records wait."""

    async def read(self, limit: int, wait: float) -> dict[int, list[ConsumedRecord]]:
        """Return at most `limit` records by partition; without any wait up to `wait` seconds for some."""
        records = await self._consumer.poll(limit, wait)
        self.has_more = sum(map(len, records.values())) >= limit
        decoded = {partition: self._decode(own) for partition, own in records.items()}
        return {partition: own for partition, own in decoded.items() if own}

    def _decode(self, records: Iterable[Record]) -> list[ConsumedRecord]:
        """Decode the records of one partition, up to an event of an unknown type."""
        decoded: list[ConsumedRecord] = []
        for record in records:
            event: Event | PoisonRecord
            try:
                event = decode_and_validate(record, self._partitions)
            except DecodeError as error:
                event = PoisonRecord(str(error))
            except UnknownEventType as error:
                log.error(
                    "projector.unknown_event_type",
                    partition=record.partition,
                    offset=record.offset,
                    type=error.event_type,
                    reason="the partition waits for a release that knows this type",
                )
                self._stop(record.partition)
                break
            decoded.append(ConsumedRecord(record, event))
        return decoded


def decode_and_validate(record: Record, partitions: int) -> Event:
    """Return the event that the record holds. Raises DecodeError when it holds none, or is not where its key
    belongs: order and idempotency rest on the key. Raises UnknownEventType."""
    try:
        event = codec.decode_event(record.value)
    except DecodeError:
        _require_known_type(record.value)
        raise
    if isinstance(event, LogOpened):
        if record.offset != 0:
            raise DecodeError("chat.log.opened stands only at offset 0")
        return event
    if key_of(event) != event.subject:
        raise DecodeError("the event's subject is not its aggregate")
    if record.key != event.subject.encode():
        raise DecodeError("the key is not the event's subject")
    if partition_for(record.key, partitions) != record.partition:
        raise DecodeError("the key belongs to another partition")
    return event


def _require_known_type(value: bytes | None) -> None:
    """Raise UnknownEventType if a newer release may know the type of what cannot be decoded."""
    try:
        event_type = orjson.loads(value or b"")["type"]
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return
    if not isinstance(event_type, str) or event_type in EVENT_TYPES:
        return
    if _event_type.fullmatch(event_type):
        raise UnknownEventType(event_type)
