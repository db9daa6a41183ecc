import pytest

from notifier.live.start_offsets import OVERLAP_RECORDS, StartOffsets, start_offset
from shared.contract.position import Position
from shared.testing.in_memory_kafka import InMemoryConsumer, InMemoryLog, InMemoryTopicReader
from tests.fixtures.entry_builders import EPOCH, record, sent

TOPIC = "chat.messages"


@pytest.mark.parametrize(
    ("begin", "end", "committed", "expected"),
    [
        (0, 500, None, 500),  # nothing committed: only new records
        (0, 500, 480, 280),  # overlap for gateways that the previous owner sent less
        (0, 500, 500, 300),
        (0, 100, 100, 0),
        (0, 50_000, 100, 40_000),  # too far behind
        (490, 500, 100, 490),  # deleted by retention
        (0, 500, 700, 300),  # the topic was recreated
        (0, 0, None, 0),
    ],
)
def test_a_partition_starts_a_little_before_its_commit_within_the_lag_limit(
    begin: int, end: int, committed: int | None, expected: int
) -> None:
    assert start_offset(begin, end, committed) == expected


def log_of(*values: bytes | None) -> InMemoryLog:
    log = InMemoryLog(2)
    for value in values:
        log.append(TOPIC, 0, b"key", value)
    return log


async def test_the_source_offset_comes_from_the_record_before_the_start() -> None:
    log = log_of(*(record(sent(source_offset), 0).value for source_offset in range(3, OVERLAP_RECORDS + 6)))
    consumer = InMemoryConsumer(log, TOPIC)
    await consumer.commit({0: OVERLAP_RECORDS + 2})
    first, empty = await StartOffsets(consumer, InMemoryTopicReader(log, TOPIC)).replay_buffers([0, 1])
    assert (first.partition, first.next_offset, first.last_position, first.source_offset) == (
        0,
        2,
        Position(EPOCH, 0, 4),
        5,
    )
    assert (first.committed, empty.committed) == (OVERLAP_RECORDS + 2, -1)
    assert (empty.partition, empty.next_offset, empty.source_offset) == (1, 0, 0)


async def test_an_undecodable_record_before_the_start_leaves_the_source_offset_unknown() -> None:
    log = log_of(b"?")
    (first,) = await StartOffsets(
        InMemoryConsumer(log, TOPIC), InMemoryTopicReader(log, TOPIC)
    ).replay_buffers([0])
    assert (first.next_offset, first.source_offset) == (1, 0)


async def test_a_standby_without_partitions_needs_no_lookup() -> None:
    log = log_of()
    assert (
        await StartOffsets(InMemoryConsumer(log, TOPIC), InMemoryTopicReader(log, TOPIC)).replay_buffers([])
        == []
    )
