"""What a record must be before it may be folded."""

from shared import codec
from shared.codec import Undecodable
from shared.events import Event, LogOpened
from shared.kafka import Record, partition_for


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
