"""What comes out of the log: read, and decoded."""

from message_store.domain.fold import Arrival, GivenUp
from shared.contract import codec
from shared.contract.codec import DecodeError
from shared.contract.events import Event, LogOpened
from shared.kafka import Record, partition_for
from shared.kafka.types import ConsumerPort


class Intake:
    def __init__(self, consumer: ConsumerPort, partitions: int) -> None:
        self._consumer = consumer
        self._partitions = partitions
        self.full = False
        """The last batch was as large as it may be: there is more."""

    async def take(self, limit: int, wait: float) -> dict[int, list[Arrival]]:
        """At most `limit` records, as `ConsumerPort.take`."""
        taken = await self._consumer.poll(limit, wait)
        self.full = sum(map(len, taken.values())) >= limit
        return {p: [Arrival(each, self._admitted(each)) for each in records] for p, records in taken.items()}

    def _admitted(self, record: Record) -> Event | GivenUp:
        try:
            return admit(record, self._partitions)
        except DecodeError as error:
            return GivenUp(str(error))


def admit(record: Record, partitions: int) -> Event:
    """The event that the record holds. Raises Undecodable when it is none, or stands where it does not
    belong: then order and idempotency, which rest on the key, could not be kept."""
    event = codec.decode_event(record.value)
    if isinstance(event, LogOpened):
        if record.offset != 0:
            raise DecodeError("chat.log.opened stands only at offset 0")
        return event
    if event.data.conversation_id != event.subject:
        raise DecodeError("the conversation is not the event's subject")
    if record.key != event.subject.encode():
        raise DecodeError("the key is not the event's subject")
    if partition_for(record.key, partitions) != record.partition:
        raise DecodeError("the key belongs to another partition")
    return event
