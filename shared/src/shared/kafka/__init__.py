"""The only package that imports aiokafka.

types                ports, records and positions
producer             appends with a deadline and reports whether the broker confirmed
accumulator          batches a producer's records: the more arrive, the larger the batches
consumer             a group member that reads only from where `seek` positioned it
topic_reader         reads records and end offsets, outside any group
connection           how every client connects: TLS, SASL, and what a refusal means
consumer_lifecycle   start, stop and time limits of aiokafka's consumer
partitioning         the partition of a key
admin                creates topics, and describes those that exist
"""

from shared.kafka.accumulator import Accumulator
from shared.kafka.consumer import Consumer
from shared.kafka.partitioning import partition_for
from shared.kafka.producer import Producer
from shared.kafka.topic_reader import TopicReader
from shared.kafka.types import (
    AccessDenied,
    BatchResult,
    OutgoingRecord,
    Record,
    RecordPosition,
    TopicSpec,
    Unconfirmed,
)

__all__ = [
    "AccessDenied",
    "Accumulator",
    "BatchResult",
    "Consumer",
    "OutgoingRecord",
    "Producer",
    "Record",
    "RecordPosition",
    "TopicReader",
    "TopicSpec",
    "Unconfirmed",
    "partition_for",
]
