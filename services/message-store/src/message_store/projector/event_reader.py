"""Read records from the log and decode their events."""

from typing import NamedTuple

from message_store.domain.fold import PoisonRecord
from shared.contract import codec
from shared.contract.codec import Undecodable
from shared.contract.events import Event, LogOpened
from shared.kafka import Record, partition_for
from shared.kafka.types import ConsumerPort


class ConsumedRecord(NamedTuple):
    record: Record
    event: Event | PoisonRecord


class EventReader:
    def __init__(self, consumer: ConsumerPort, partitions: int) -> None:
        self._consumer = consumer
        self._partitions = partitions
        self.has_more = False
        """The last batch was as large as it may be: more records wait."""

    async def read(self, limit: int, wait: float) -> dict[int, list[ConsumedRecord]]:
        """Return at most `limit` records by partition; without any wait up to `wait` seconds for some."""
        records = await self._consumer.take(limit, wait)
        self.has_more = sum(map(len, records.values())) >= limit
        return {
            partition: [ConsumedRecord(record, self._decode(record)) for record in own]
            for partition, own in records.items()
        }

    def _decode(self, record: Record) -> Event | PoisonRecord:
        try:
            return decode_and_validate(record, self._partitions)
        except Undecodable as error:
            return PoisonRecord(str(error))


def decode_and_validate(record: Record, partitions: int) -> Event:
    """Return the event that the record holds. Raises Undecodable when it holds none, or is not where its key
    belongs: order and idempotency rest on the key."""
    event = codec.decode_event(record.value)
    if isinstance(event, LogOpened):
        if record.offset != 0:
            raise Undecodable("chat.log.opened stands only at offset 0")
        return event
    if event.data.conversation_id != event.subject:
        raise Undecodable("the conversation is not the event's subject")
    if record.key != event.subject.encode():
        raise Undecodable("the key is not the event's subject")
    if partition_for(record.key, partitions) != record.partition:
        raise Undecodable("the key belongs to another partition")
    return event
