import pytest

from notifier.live.start_offsets import BACK, Starts, start
from shared.contract.position import Position
from shared.testing.in_memory_kafka import InMemoryConsumer, InMemoryLog, InMemoryTopicReader
from tests.entry_builders import EPOCH, record, sent

TOPIC = "chat.messages"


@pytest.mark.parametrize(
    ("begin", "end", "committed", "expected"),
    [
        (0, 500, None, 500),  # nothing committed: only what is new
        (0, 500, 480, 280),  # what a gateway may have missed of the owner before
        (0, 500, 500, 300),
        (0, 100, 100, 0),
        (0, 50_000, 100, 40_000),  # too far behind to be of use
        (490, 500, 100, 490),  # no longer kept
        (0, 500, 700, 300),  # the topic was made anew
        (0, 0, None, 0),
    ],
)
def test_a_partition_begins_at_its_commit_within_reach(
    begin: int, end: int, committed: int | None, expected: int
) -> None:
    assert start(begin, end, committed) == expected


def log_of(*values: bytes | None) -> InMemoryLog:
    log = InMemoryLog(2)
    for value in values:
        log.append(TOPIC, 0, b"key", value)
    return log


async def test_what_was_covered_is_learnt_from_the_record_before_the_start() -> None:
    log = log_of(*(record(sent(place), 0).value for place in range(3, BACK + 6)))
    consumer = InMemoryConsumer(log, TOPIC)
    await consumer.commit({0: BACK + 2})
    first, empty = await Starts(consumer, InMemoryTopicReader(log, TOPIC)).streams([0, 1])
    assert (first.partition, first.at, first.last, first.covers) == (0, 2, Position(EPOCH, 0, 4), 5)
    assert (first.committed, empty.committed) == (BACK + 2, -1)
    assert (empty.partition, empty.at, empty.covers) == (1, 0, 0)


async def test_a_record_before_the_start_that_cannot_be_read_says_nothing() -> None:
    log = log_of(b"?")
    (first,) = await Starts(InMemoryConsumer(log, TOPIC), InMemoryTopicReader(log, TOPIC)).streams([0])
    assert (first.at, first.covers) == (1, 0)


async def test_a_standby_asks_nothing() -> None:
    log = log_of()
    assert await Starts(InMemoryConsumer(log, TOPIC), InMemoryTopicReader(log, TOPIC)).streams([]) == []
