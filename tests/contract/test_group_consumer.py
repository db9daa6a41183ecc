"""One contract suite for a consumer group that commits offsets: over Kafka and over the in-memory twin."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from shared.kafka import Consumer, Producer, Record, TopicReader, TopicSpec
from shared.kafka.admin import create_topics
from shared.kafka.types import GroupConsumerPort, ProducerPort
from shared.testing.in_memory_kafka import (
    InMemoryConsumer,
    InMemoryLog,
    InMemoryProducer,
    InMemoryTopicReader,
)

PARTITIONS = 2


@dataclass
class Group:
    topic: str
    producer: ProducerPort
    consumer: GroupConsumerPort
    look: Callable[[dict[int, int]], Awaitable[dict[int, Record]]]
    decide_anew: Callable[[], Awaitable[None]]
    """Makes the group rebalance."""

    async def append(self, partition: int, *values: bytes) -> None:
        for value in values:
            await (await self.producer.send(self.topic, partition, b"key", value))


@pytest.fixture(params=["memory", "kafka"])
async def group(request: pytest.FixtureRequest) -> AsyncIterator[Group]:
    if request.param == "memory":
        yield _memory()
        return
    bootstrap = request.getfixturevalue("kafka_bootstrap")
    topic = request.getfixturevalue("topic_prefix") + "group"
    await create_topics(bootstrap, [TopicSpec(topic, PARTITIONS)], 1)
    producer, inspector = (
        Producer(bootstrap, client_id="test"),
        TopicReader(bootstrap, topic, client_id="test"),
    )
    consumer, another = (Consumer(bootstrap, topic, topic, client_id="test") for _ in range(2))
    for part in (producer, inspector, consumer):
        await part.start()
    while not consumer.partitions:
        await consumer.poll(1, 0.05)
    yield Group(topic, producer, consumer, inspector.records_at, another.start)
    for part in (another, consumer, inspector, producer):
        await part.stop()


def _memory() -> Group:
    log = InMemoryLog(PARTITIONS)
    consumer = InMemoryConsumer(log, "group")

    async def decide_anew() -> None:
        consumer.assign([0])

    look = InMemoryTopicReader(log, "group").records_at
    return Group("group", InMemoryProducer(log), consumer, look, decide_anew)


async def test_what_was_committed_is_known_and_nothing_else(group: Group) -> None:
    assert await group.consumer.committed([0, 1]) == {}
    await group.append(0, b"a", b"b")
    await group.consumer.commit({0: 2})
    assert await group.consumer.committed([0, 1]) == {0: 2}


async def test_a_later_commit_takes_the_place_of_the_one_before(group: Group) -> None:
    await group.consumer.commit({0: 5, 1: 7})
    await group.consumer.commit({0: 6})
    assert await group.consumer.committed([0, 1]) == {0: 6, 1: 7}


async def test_offsets_of_unassigned_partitions_are_not_committed(group: Group) -> None:
    await group.consumer.commit({PARTITIONS: 3})
    assert await group.consumer.committed([0]) == {}


async def test_a_partition_lies_between_its_bounds(group: Group) -> None:
    await group.append(1, b"a", b"b", b"c")
    assert await group.consumer.beginning_offsets([0, 1]) == {0: 0, 1: 0}
    assert await group.consumer.end_offsets([0, 1]) == {0: 0, 1: 3}


async def test_single_records_are_looked_at(group: Group) -> None:
    await group.append(1, b"a", b"b")
    records = await group.look({1: 1})
    assert {p: record.value for p, record in records.items()} == {1: b"b"}


async def test_records_can_be_fetched_repeatedly(group: Group) -> None:
    await group.append(0, b"a", b"b")
    await group.append(1, b"c")
    for _ in range(10):
        records = await group.look({0: 1})
        assert {p: record.value for p, record in records.items()} == {0: b"b"}
        records = await group.look({0: 0, 1: 0})
        assert {p: record.value for p, record in records.items()} == {0: b"a", 1: b"c"}


async def test_a_poll_ends_when_the_group_rebalances(group: Group) -> None:
    """Otherwise newly assigned partitions would not be consumed until the wait is over."""
    revision = group.consumer.revision
    waiting = asyncio.create_task(group.consumer.poll(1, wait=3600))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await group.decide_anew()
    async with asyncio.timeout(30):
        assert await waiting == {}
    assert group.consumer.revision > revision
