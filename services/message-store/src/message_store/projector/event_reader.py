"""What comes out of the log: read, and decoded."""

from message_store.domain.fold import ConsumedEvent, PoisonRecord
from shared.contract import codec
from shared.contract.codec import Undecodable
from shared.contract.events import Event, LogOpened
from shared.kafka import Record, partition_for
from shared.kafka.types import ConsumerPort


class EventReader:
    def __init__(self, consumer: ConsumerPort, partitions: int) -> None:
        self._consumer = consumer
        self._partitions = partitions
        self.has_more = False
        """The last batch was as large as it may be: there is more."""

    async def read(self, limit: int, wait: float) -> dict[int, list[ConsumedEvent]]:
        """At most `limit` records, as `ConsumerPort.take`."""
        taken = await self._consumer.take(limit, wait)
        self.has_more = sum(map(len, taken.values())) >= limit
        return {
            p: [ConsumedEvent(each, self._decode(each)) for each in records] for p, records in taken.items()
        }

    def _decode(self, record: Record) -> Event | PoisonRecord:
        try:
            return decode_and_validate(record, self._partitions)
        except Undecodable as error:
            return PoisonRecord(str(error))


def decode_and_validate(record: Record, partitions: int) -> Event:
    """The event that the record holds. Raises Undecodable when it is none, or stands where it does not
    belong: then order and idempotency, which rest on the key, could not be kept."""
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
