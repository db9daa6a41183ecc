"""One contract suite for producer and consumer: over Kafka and over the in-memory twins."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

import pytest

from shared.kafka import BatchResult, Consumer, OutgoingRecord, Producer, Record, TopicSpec
from shared.kafka.admin import create_topics
from shared.kafka.types import ConsumerPort, ProducerPort
from shared.testing.in_memory_kafka import InMemoryConsumer, InMemoryLog, InMemoryProducer

PARTITIONS = 2
TOPIC = "contract"


class Starts(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass
class Log:
    topic: str
    producer: ProducerPort
    consumer: ConsumerPort


@pytest.fixture(params=["memory", "kafka"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[Log]:
    log = _memory() if request.param == "memory" else await _kafka(request.getfixturevalue)
    parts: list[Starts] = [log.producer, log.consumer]  # type: ignore[list-item]
    for part in parts:
        await part.start()
    yield log
    for part in parts:
        await part.stop()


def _memory() -> Log:
    log = InMemoryLog(PARTITIONS)
    return Log(TOPIC, InMemoryProducer(log), InMemoryConsumer(log, TOPIC))


async def _kafka(fixture: Callable[[str], str]) -> Log:
    bootstrap, topic = fixture("kafka_bootstrap"), fixture("topic_prefix") + TOPIC
    await create_topics(bootstrap, [TopicSpec(topic, PARTITIONS)], 1)
    consumer = Consumer(bootstrap, topic, topic, client_id="test")
    return Log(topic, Producer(bootstrap, client_id="test", compression="zstd"), consumer)


async def _take(log: Log, count: int) -> list[Record]:
    taken: list[Record] = []
    for _ in range(100):
        for records in (await log.consumer.poll(count, 0.2)).values():
            taken += records
        if len(taken) >= count:
            break
    return taken


async def _assigned(log: Log) -> None:
    for _ in range(100):
        if len(log.consumer.partitions) == PARTITIONS:
            return
        await log.consumer.poll(1, 0.1)
    raise AssertionError("never assigned")


async def test_offsets_are_dense_and_in_the_order_of_sending(log: Log) -> None:
    acks = [await log.producer.send(log.topic, 1, b"k", b"%d" % n) for n in range(20)]
    places = [await ack for ack in acks]
    assert [place.offset for place in places] == list(range(20))
    assert {place.partition for place in places} == {1}


async def test_nothing_is_read_before_it_was_sought(log: Log) -> None:
    await (await log.producer.send(log.topic, 0, b"k", b"v"))
    await _assigned(log)
    assert await log.consumer.poll(10, 0.5) == {}
    log.consumer.seek(0, 0)
    assert [record.value for record in await _take(log, 1)] == [b"v"]


async def test_reading_begins_where_it_was_sought(log: Log) -> None:
    await log.producer.append_batch(log.topic, 0, [OutgoingRecord(b"k", b"%d" % n) for n in range(5)])
    await _assigned(log)
    log.consumer.seek(0, 3)
    assert [record.offset for record in await _take(log, 2)] == [3, 4]
    log.consumer.seek(0, 1)
    assert [record.offset for record in await _take(log, 4)] == [1, 2, 3, 4]


async def test_a_batch_keeps_its_order_and_its_nulls(log: Log) -> None:
    records = [OutgoingRecord(None, b"a"), OutgoingRecord(b"k", None), OutgoingRecord(b"k", b"c")]
    assert await log.producer.append_batch(log.topic, 0, records) == BatchResult(0, 3)
    assert await log.producer.append_batch(log.topic, 0, records[:2]) == BatchResult(3, 2)
    await _assigned(log)
    log.consumer.seek(0, 0)
    assert [(r.key, r.value) for r in await _take(log, 3)] == [(r.key, r.value) for r in records]


async def test_a_paused_partition_returns_nothing_until_resumed(log: Log) -> None:
    await _assigned(log)
    log.consumer.seek(0, 0)
    log.consumer.pause(0)
    await (await log.producer.send(log.topic, 0, b"k", b"v"))
    assert await log.consumer.poll(10, 0.5) == {}
    log.consumer.resume(0)
    assert len(await _take(log, 1)) == 1


async def test_the_end_is_where_the_next_record_goes(log: Log) -> None:
    await log.producer.append_batch(log.topic, 1, [OutgoingRecord(b"k", b"v")] * 3)
    await _assigned(log)
    assert await log.consumer.end_offsets([0, 1]) == {0: 0, 1: 3}


async def test_no_more_records_are_returned_than_requested(log: Log) -> None:
    await log.producer.append_batch(log.topic, 0, [OutgoingRecord(b"k", b"v")] * 10)
    await _assigned(log)
    log.consumer.seek(0, 0)
    counts = [len(records) for _ in range(20) for records in (await log.consumer.poll(4, 0.2)).values()]
    assert sum(counts) == 10
    assert max(counts) <= 4
