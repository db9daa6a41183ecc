"""Reads topics from beginning to end."""

from collections.abc import Collection, Iterable

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contract import codec
from shared.contract.events import LogOpened, key_of
from shared.kafka import Record, partition_for
from tests.chaos.checker.final_state import TopicRecord
from tests.chaos.checker.history import Frame
from tests.chaos.checker.reference_model import LogRecord
from tests.chaos.load.population import PARTITIONS

Records = list[list[Record]]
"""By partition, in order."""


async def read_topic(kafka: str, topic: str) -> Records:
    """As any consumer sees it. Raises KafkaError, TimeoutError."""
    records: Records = [[] for _ in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, fetch_max_wait_ms=50)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        while any(_next_offset(records[p.partition]) < end for p, end in ends.items()):
            for partition, batch in (await consumer.getmany(timeout_ms=500)).items():
                records[partition.partition] += [
                    Record(record.partition, record.offset, record.key, record.value) for record in batch
                ]
        return records
    finally:
        await consumer.stop()


def log_record(record: Record) -> LogRecord:
    """Without an event when the record may not be folded."""
    return LogRecord(record.partition, record.offset, _event(record))


def entries_of(records: Iterable[Record], conversations: Collection[str]) -> list[TopicRecord]:
    entries = ((record.offset, _entry(record)) for record in records)
    return [
        TopicRecord(offset, entry) for offset, entry in entries if entry and entry["subject"] in conversations
    ]


def count_entries(records: Records) -> int:
    """Without duplicates."""
    entries = (_entry(record) for partition in records for record in partition)
    return len({entry["id"] for entry in entries if entry})


def _event(record: Record) -> Frame | None:
    try:
        event = codec.decode_event(record.value)
    except codec.DecodeError:
        return None
    if isinstance(event, LogOpened) or record.key is None:
        return None
    key_is_valid = key_of(event) == event.subject == record.key.decode(errors="replace")
    partition_is_valid = partition_for(record.key, PARTITIONS) == record.partition
    decoded: Frame = orjson.loads(record.value or b"")
    return decoded if key_is_valid and partition_is_valid else None


def _entry(record: Record) -> Frame | None:
    """None for what consumers ignore: an invalid entry, or an unknown type."""
    try:
        codec.decode_entry(record.value)
    except codec.DecodeError:
        return None
    decoded: Frame = orjson.loads(record.value or b"")
    return decoded


def _next_offset(records: list[Record]) -> int:
    return records[-1].offset + 1 if records else 0
