"""The consumer over an in-memory log: poll, dispatch, commit, and reassignment in between."""

from collections.abc import Awaitable, Callable

import pytest

from notifier.live.dispatcher import Dispatcher
from notifier.live.entry_consumer import EntryConsumer
from notifier.live.start_offsets import OVERLAP_RECORDS, StartOffsets
from shared.kafka import RecordPosition, Unconfirmed
from shared.kafka.types import Headers
from shared.log.dead_letters import DeadLetters
from shared.testing.in_memory_kafka import (
    InMemoryConsumer,
    InMemoryLog,
    InMemoryProducer,
    InMemoryTopicReader,
)
from tests.fixtures.entry_builders import record, sent
from tests.unit.notifier.link_fixture import headers, subscribed_link

TOPIC, DEAD = "chat.messages", "chat.dead-letters"


class FailingProducer(InMemoryProducer):
    """Fails the first `failures` attempts; calls `attempted` at each."""

    def __init__(self, log: InMemoryLog) -> None:
        super().__init__(log)
        self.failures = 0
        self.attempted: Callable[[], object] = int

    async def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> Awaitable[RecordPosition]:
        self.attempted()
        if self.failures:
            self.failures -= 1
            raise Unconfirmed
        return await super().send(topic, partition, key, value, headers)


class ConsumerFixture:
    def __init__(self) -> None:
        self.log = InMemoryLog(2)
        self.consumer = InMemoryConsumer(self.log, TOPIC)
        self.producer = FailingProducer(self.log)
        self.dispatcher = Dispatcher()
        self.dispatcher.set_partition_count(2)
        self.entry_consumer = EntryConsumer(
            consumer=self.consumer,
            start_offsets=StartOffsets(self.consumer, InMemoryTopicReader(self.log, TOPIC)),
            dispatcher=self.dispatcher,
            dead_letters=DeadLetters(self.producer, DEAD, "notifier"),
            topic=TOPIC,
        )
        self.link = subscribed_link(self.dispatcher, "alice")

    def publish(self, *source_offsets: int, partition: int = 0) -> None:
        for source_offset in source_offsets:
            self.log.append(TOPIC, partition, b"key", record(sent(source_offset), 0).value)

    def dispatched(self) -> list[tuple[int, int]]:
        """The offset ranges of the entries dispatched."""
        return [(m["start"], m["end"]) for m in headers(self.link) if m["type"] == "entry"]


@pytest.fixture
async def fixture() -> ConsumerFixture:
    fixture = ConsumerFixture()
    await fixture.entry_consumer.step()
    return fixture


async def test_published_entries_are_dispatched_and_committed(fixture: ConsumerFixture) -> None:
    fixture.publish(1, 2, 3)
    await fixture.entry_consumer.step()
    assert fixture.dispatched() == [(0, 1), (1, 2), (2, 3)]
    await fixture.entry_consumer.commit()
    assert fixture.log.committed == {(TOPIC, 0): 3, (TOPIC, 1): 0}


async def test_progress_is_sent_before_it_is_committed(fixture: ConsumerFixture) -> None:
    fixture.dispatcher.unsubscribe(fixture.link, 2, ["alice"])
    fixture.publish(1, 2)
    await fixture.entry_consumer.step()
    await fixture.entry_consumer.commit()
    assert headers(fixture.link)[-1]["partitions"]["0"] == {"start": 0, "end": 2, "sourceOffset": 3}


async def test_a_restart_starts_a_little_before_the_commit(fixture: ConsumerFixture) -> None:
    fixture.publish(*range(1, OVERLAP_RECORDS + 4))
    while fixture.dispatcher.buffers[0].next_offset < OVERLAP_RECORDS + 3:
        await fixture.entry_consumer.step()
    await fixture.entry_consumer.commit()
    fixture.consumer.assign({0, 1})
    fixture.publish(OVERLAP_RECORDS + 4)
    headers(fixture.link)
    await fixture.entry_consumer.step()
    assert fixture.log.committed[TOPIC, 0] == OVERLAP_RECORDS + 3
    while fixture.dispatcher.buffers[0].next_offset < OVERLAP_RECORDS + 4:
        await fixture.entry_consumer.step()
    ranges = fixture.dispatched()
    assert (ranges[0], ranges[-1]) == ((3, 4), (OVERLAP_RECORDS + 3, OVERLAP_RECORDS + 4))
    assert len(ranges) == OVERLAP_RECORDS + 1


async def test_a_dead_letter_below_the_commit_is_not_published_again(fixture: ConsumerFixture) -> None:
    fixture.log.append(TOPIC, 0, b"its key", b"?")
    await fixture.entry_consumer.step()
    await fixture.entry_consumer.commit()
    fixture.log.append(TOPIC, 0, b"another", b"?")
    fixture.consumer.assign({0, 1})
    await fixture.entry_consumer.step()
    await fixture.entry_consumer.step()
    assert [dead.key for dead in fixture.log.topics[DEAD][0]] == [b"its key", b"another"]


async def test_a_poison_record_becomes_a_dead_letter_and_the_rest_is_dispatched(
    fixture: ConsumerFixture,
) -> None:
    fixture.publish(1)
    fixture.log.append(TOPIC, 0, b"its key", b"\xff")
    fixture.publish(2)
    await fixture.entry_consumer.step()
    assert fixture.dispatched() == [(0, 1), (1, 3)]
    (dead,) = fixture.log.topics[DEAD][0]
    assert (dead.key, dead.value) == (b"its key", b"\xff")


async def test_a_partition_waits_until_its_dead_letter_is_confirmed(fixture: ConsumerFixture) -> None:
    fixture.producer.failures = 2
    next_offsets: list[int] = []
    fixture.producer.attempted = lambda: next_offsets.append(fixture.dispatcher.buffers[0].next_offset)
    fixture.log.append(TOPIC, 0, None, None)
    fixture.publish(1)
    await fixture.entry_consumer.step()
    assert next_offsets == [0, 0, 0]
    assert fixture.dispatched() == [(0, 2)]


async def test_a_revoked_partition_is_dispatched_no_further(fixture: ConsumerFixture) -> None:
    fixture.producer.attempted = lambda: fixture.consumer.assign({1})
    fixture.publish(1)
    fixture.log.append(TOPIC, 0, None, b"?")
    fixture.publish(2)
    fixture.publish(5, partition=1)
    await fixture.entry_consumer.step()
    assert not fixture.entry_consumer.is_current
    assert fixture.dispatched() == [(0, 1)]
    fixture.entry_consumer.send_progress()
    *_, assigned = headers(fixture.link)
    assert assigned == {"type": "assigned", "partitionCount": 2, "partitions": {}}


async def test_records_polled_of_other_partitions_are_dropped_when_all_are_revoked(
    fixture: ConsumerFixture,
) -> None:
    def revoke_all() -> None:
        fixture.consumer.assign(())
        fixture.entry_consumer.send_progress()

    fixture.producer.attempted = revoke_all
    for partition in (0, 1):
        fixture.log.append(TOPIC, partition, None, b"?")
    await fixture.entry_consumer.step()
    assert len(fixture.log.topics[DEAD][0]) == 1
    assert not fixture.entry_consumer.is_current


async def test_a_revoked_partition_is_not_committed(fixture: ConsumerFixture) -> None:
    fixture.publish(1)
    await fixture.entry_consumer.step()
    fixture.consumer.assign(())
    await fixture.entry_consumer.commit()
    assert fixture.log.committed == {(TOPIC, 0): 0, (TOPIC, 1): 0}


async def test_the_start_of_a_partition_is_committed_at_once(fixture: ConsumerFixture) -> None:
    assert fixture.log.committed == {(TOPIC, 0): 0, (TOPIC, 1): 0}
