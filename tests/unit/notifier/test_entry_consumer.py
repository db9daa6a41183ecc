"""The loop over a log in memory: take, tell, commit; and what a change of assignment does in between."""

from collections.abc import Awaitable, Callable

import pytest

from notifier.live.dispatcher import Dispatcher
from notifier.live.entry_consumer import EntryConsumer
from notifier.live.start_offsets import OVERLAP_RECORDS, StartOffsets
from shared.kafka import Place, Unconfirmed
from shared.kafka.types import Headers
from shared.log.dead_letters import DeadLetters
from shared.testing.in_memory_kafka import MemoryConsumer, MemoryInspector, MemoryLog, MemoryProducer
from tests.entry_builders import record, sent
from tests.unit.notifier.link_fixture import headers, subscribed_link

TOPIC, DEAD = "chat.messages", "chat.dead-letters"


class FlakyProducer(MemoryProducer):
    """Does not confirm the first attempts; `between` happens meanwhile."""

    def __init__(self, log: MemoryLog) -> None:
        super().__init__(log)
        self.failures = 0
        self.attempted: Callable[[], object] = int

    async def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> Awaitable[Place]:
        self.attempted()
        if self.failures:
            self.failures -= 1
            raise Unconfirmed
        return await super().send(topic, partition, key, value, headers)


class ConsumerFixture:
    def __init__(self) -> None:
        self.log = MemoryLog(2)
        self.consumer = MemoryConsumer(self.log, TOPIC)
        self.producer = FlakyProducer(self.log)
        self.dispatcher = Dispatcher()
        self.dispatcher.set_partition_count(2)
        self.entry_consumer = EntryConsumer(
            self.consumer,
            StartOffsets(self.consumer, MemoryInspector(self.log, TOPIC)),
            self.dispatcher,
            DeadLetters(self.producer, DEAD, "notifier"),
            TOPIC,
        )
        self.link = subscribed_link(self.dispatcher, "alice")

    def publish(self, *source_offsets: int, partition: int = 0) -> None:
        for source_offset in source_offsets:
            self.log.append(TOPIC, partition, b"key", record(sent(source_offset), 0).value)

    def dispatched(self) -> list[tuple[int, int]]:
        """The stretches of the entries that were told."""
        return [(m["after"], m["upTo"]) for m in headers(self.link) if m["type"] == "entry"]


@pytest.fixture
async def fixture() -> ConsumerFixture:
    fixture = ConsumerFixture()
    await fixture.entry_consumer.step()
    return fixture


async def test_what_is_published_is_told_and_committed(fixture: ConsumerFixture) -> None:
    fixture.publish(1, 2, 3)
    await fixture.entry_consumer.step()
    assert fixture.dispatched() == [(0, 1), (1, 2), (2, 3)]
    await fixture.entry_consumer.commit()
    assert fixture.log.committed == {(TOPIC, 0): 3, (TOPIC, 1): 0}


async def test_nothing_is_committed_of_which_the_gateways_have_not_heard(fixture: ConsumerFixture) -> None:
    fixture.dispatcher.unsubscribe(fixture.link, 2, ["alice"])
    fixture.publish(1, 2)
    await fixture.entry_consumer.step()
    await fixture.entry_consumer.commit()
    assert headers(fixture.link)[-1]["partitions"]["0"] == {"after": 0, "upTo": 2, "covers": 3}


async def test_a_restart_begins_a_little_before_the_commit(fixture: ConsumerFixture) -> None:
    fixture.publish(*range(1, OVERLAP_RECORDS + 4))
    while fixture.dispatcher.buffers[0].next_offset < OVERLAP_RECORDS + 3:
        await fixture.entry_consumer.step()
    await fixture.entry_consumer.commit()
    fixture.consumer.assigned({0, 1})
    fixture.publish(OVERLAP_RECORDS + 4)
    headers(fixture.link)
    await fixture.entry_consumer.step()
    assert fixture.log.committed[TOPIC, 0] == OVERLAP_RECORDS + 3
    while fixture.dispatcher.buffers[0].next_offset < OVERLAP_RECORDS + 4:
        await fixture.entry_consumer.step()
    ranges = fixture.dispatched()
    assert (ranges[0], ranges[-1]) == ((3, 4), (OVERLAP_RECORDS + 3, OVERLAP_RECORDS + 4))
    assert len(ranges) == OVERLAP_RECORDS + 1


async def test_what_was_put_away_before_the_commit_is_not_put_away_again(fixture: ConsumerFixture) -> None:
    fixture.log.append(TOPIC, 0, b"its key", b"?")
    await fixture.entry_consumer.step()
    await fixture.entry_consumer.commit()
    fixture.log.append(TOPIC, 0, b"another", b"?")
    fixture.consumer.assigned({0, 1})
    await fixture.entry_consumer.step()
    await fixture.entry_consumer.step()
    assert [dead.key for dead in fixture.log.topics[DEAD][0]] == [b"its key", b"another"]


async def test_a_record_that_cannot_be_read_is_put_away_and_the_rest_goes_on(
    fixture: ConsumerFixture,
) -> None:
    fixture.publish(1)
    fixture.log.append(TOPIC, 0, b"its key", b"\xff")
    fixture.publish(2)
    await fixture.entry_consumer.step()
    assert fixture.dispatched() == [(0, 1), (1, 3)]
    (dead,) = fixture.log.topics[DEAD][0]
    assert (dead.key, dead.value) == (b"its key", b"\xff")


async def test_nothing_goes_on_before_the_dead_letter_is_confirmed(fixture: ConsumerFixture) -> None:
    fixture.producer.failures = 2
    next_offsets: list[int] = []
    fixture.producer.attempted = lambda: next_offsets.append(fixture.dispatcher.buffers[0].next_offset)
    fixture.log.append(TOPIC, 0, None, None)
    fixture.publish(1)
    await fixture.entry_consumer.step()
    assert next_offsets == [0, 0, 0]
    assert fixture.dispatched() == [(0, 2)]


async def test_nothing_more_of_a_partition_is_told_once_it_is_taken_away(fixture: ConsumerFixture) -> None:
    fixture.producer.attempted = lambda: fixture.consumer.assigned({1})
    fixture.publish(1)
    fixture.log.append(TOPIC, 0, None, b"?")
    fixture.publish(2)
    fixture.publish(5, partition=1)
    await fixture.entry_consumer.step()
    assert not fixture.entry_consumer.is_current
    assert fixture.dispatched() == [(0, 1)]
    fixture.entry_consumer.send_progress()
    *_, assigned = headers(fixture.link)
    assert assigned == {"type": "owns", "count": 2, "partitions": {}}


async def test_what_was_taken_of_other_partitions_is_dropped_when_all_are_taken_away(
    fixture: ConsumerFixture,
) -> None:
    def revoke_all() -> None:
        fixture.consumer.assigned(())
        fixture.entry_consumer.send_progress()

    fixture.producer.attempted = revoke_all
    for partition in (0, 1):
        fixture.log.append(TOPIC, partition, None, b"?")
    await fixture.entry_consumer.step()
    assert len(fixture.log.topics[DEAD][0]) == 1
    assert not fixture.entry_consumer.is_current


async def test_a_partition_taken_away_is_not_committed(fixture: ConsumerFixture) -> None:
    fixture.publish(1)
    await fixture.entry_consumer.step()
    fixture.consumer.assigned(())
    await fixture.entry_consumer.commit()
    assert fixture.log.committed == {(TOPIC, 0): 0, (TOPIC, 1): 0}


async def test_where_a_partition_begins_is_committed_at_once(fixture: ConsumerFixture) -> None:
    assert fixture.log.committed == {(TOPIC, 0): 0, (TOPIC, 1): 0}
