"""The topics, from their beginning to their end."""

from collections.abc import Collection, Iterable

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contract import codec
from shared.contract.events import LogOpened
from shared.kafka import Record, partition_for
from tests.faults.ledger import Frame
from tests.faults.observed import Told
from tests.faults.recount import Logged

Records = list[list[Record]]
"""By partition, in order."""


async def whole(kafka: str, topic: str, partitions: int) -> Records:
    """As any consumer would see it. Raises KafkaError, TimeoutError."""
    found: Records = [[] for _ in range(partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, fetch_max_wait_ms=50)
    await consumer.start()
    try:
        places = [TopicPartition(topic, partition) for partition in range(partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = {place.partition: end for place, end in (await consumer.end_offsets(places)).items()}
        while any(_next(found[partition]) < end for partition, end in ends.items()):
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                found[place.partition] += [_record(record) for record in records]
        return found
    finally:
        await consumer.stop()


def logged(record: Record, partitions: int) -> Logged:
    """What it means; nothing when it may not be folded."""
    return Logged(record.partition, record.offset, _event(record, partitions))


def told(records: Iterable[Record], conversations: Collection[str]) -> list[Told]:
    """Of one partition, what concerns these conversations."""
    entries = ((record.offset, _entry(record)) for record in records)
    return [Told(offset, entry) for offset, entry in entries if entry and entry["subject"] in conversations]


def ids(records: Records) -> int:
    """How many different entries there are."""
    entries = (_entry(record) for own in records for record in own)
    return len({entry["id"] for entry in entries if entry})


def _event(record: Record, partitions: int) -> Frame | None:
    try:
        event = codec.decode_event(record.value)
    except codec.DecodeError:
        return None
    if isinstance(event, LogOpened) or record.key is None:
        return None
    sound = event.data.conversation_id == event.subject == record.key.decode(errors="replace")
    right = partition_for(record.key, partitions) == record.partition
    found: Frame = orjson.loads(record.value or b"")
    return found if sound and right else None


def _entry(record: Record) -> Frame | None:
    """None when it is none, or of a kind that is not known: consumers pass it over."""
    try:
        codec.decode_entry(record.value)
    except codec.DecodeError:
        return None
    found: Frame = orjson.loads(record.value or b"")
    return found


def _next(records: list[Record]) -> int:
    return records[-1].offset + 1 if records else 0


def _record(record: object) -> Record:
    return Record(*(getattr(record, name) for name in ("partition", "offset", "key", "value")))
