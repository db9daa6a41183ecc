"""The log and the only door to it: nothing outside this package imports aiokafka.

Producer    appends, bounded in time, and says whether the broker confirmed
Accumulator   puts a producer's records together, the more the more come
Consumer    a group member that reads only from where it was told to
Inspector   reads single records and end offsets, outside any group
memory      the same three over lists, for tests
"""

from shared.kafka.accumulator import Accumulator
from shared.kafka.consumer import Consumer
from shared.kafka.partitioning import partition_for
from shared.kafka.producer import Producer
from shared.kafka.topic_reader import TopicReader
from shared.kafka.types import BatchResult, OutgoingRecord, Record, RecordPosition, TopicSpec, Unconfirmed

__all__ = [
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
