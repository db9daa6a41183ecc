"""What comes out of the log: read, and decoded, one batch ahead of what is written."""

from typing import NamedTuple

from shared import codec
from shared.codec import Undecodable
from shared.events import Event, LogOpened
from shared.kafka import Record, partition_for
from shared.kafka.types import ConsumerPort


class Taken(NamedTuple):
    record: Record
    event: Event | Undecodable


class Intake:
    """Begun at `seek`, partition by partition; what was read ahead of one is forgotten then."""

    def __init__(self, consumer: ConsumerPort, partitions: int) -> None:
        self._consumer = consumer
        self._partitions = partitions
        self._ahead: dict[int, list[Taken]] = {}
        self.full = False
        """The last batch was as large as it may be: there is more."""

    def seek(self, partition: int, offset: int) -> None:
        self._ahead.pop(partition, None)
        self._consumer.seek(partition, offset)

    async def take(self, limit: int, wait: float) -> dict[int, list[Taken]]:
        """At most `limit` records, as `ConsumerPort.take`."""
        if not self._ahead:
            await self.read_ahead(limit, wait)
        taken, self._ahead = self._ahead, {}
        self.full = sum(map(len, taken.values())) >= limit
        return taken

    async def read_ahead(self, limit: int, wait: float = 0) -> None:
        """For the next `take`."""
        read = await self._consumer.take(limit, wait)
        self._ahead = {
            p: [Taken(each, self._admitted(each)) for each in records] for p, records in read.items()
        }

    def _admitted(self, record: Record) -> Event | Undecodable:
        try:
            return admit(record, self._partitions)
        except Undecodable as error:
            return error


def admit(record: Record, partitions: int) -> Event:
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
