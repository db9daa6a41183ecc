"""Records that no producer should have written, between valid ones."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.contract import codec, ids
from shared.kafka import partition_for
from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault
from tests.chaos.load.population import PARTITIONS
from tests.fixtures import builders

DEAD_LETTER_TIMEOUT = 60.0
"""Seconds."""


class PoisonRecord(NamedTuple):
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    """None: poison in any partition."""


def poison_kinds() -> dict[str, PoisonRecord]:
    """By what is wrong with the record."""
    conversation = ids.direct_conversation_id("mallory", "trent")
    key = conversation.encode()
    valid = codec.encode(builders.direct("mallory", "trent"))
    other_partition = (partition_for(key, PARTITIONS) + 1) % PARTITIONS
    return {
        "no JSON": PoisonRecord(key, b"{not json"),
        "JSON null": PoisonRecord(key, b"null"),
        "no value": PoisonRecord(key, None),
        "empty": PoisonRecord(key, b""),
        "no key": PoisonRecord(None, b"{}"),
        "unknown type": PoisonRecord(key, valid.replace(b"chat.event.conversation-", b"chat.unknown-")),
        "a megabyte": PoisonRecord(key, b'"' + b"x" * (1_000_000) + b'"'),
        "invalid UTF-8": PoisonRecord(key, valid.replace(b"mallory", b"\xff\xfe\xc3\x28")),
        "deep nesting": PoisonRecord(key, b"[" * 100_000 + b"]" * 100_000),
        "deep nesting in a field": PoisonRecord(
            key, valid[:-1] + b',"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
        ),
        "wrong key": PoisonRecord(b"other-key", valid, partition_for(b"other-key", PARTITIONS)),
        "wrong partition": PoisonRecord(key, valid, other_partition),
    }


def poison_records(rng: random.Random) -> Iterator[Fault]:
    for topic in ("chat.events", "chat.messages"):
        for kind in poison_kinds():
            yield poison(topic, [kind], rng)
        yield poison(topic, list(poison_kinds()), rng)


def poison(topic: str, kinds: list[str], rng: random.Random) -> Fault:
    """Each kind, in every partition where it is poison; healed once all are dead letters."""

    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        records = [(poison_kinds()[kind], partition) for kind in kinds for partition in range(PARTITIONS)]
        rng.shuffle(records)
        async with _kafka_clients(cluster.kafka) as (producer, consumer):
            before = await _count_dead_letters(consumer)
            for record, any_partition in records:
                partition = any_partition if record.partition is None else record.partition
                await producer.send_and_wait(topic, record.value, record.key, partition)
            async with asyncio.timeout(DEAD_LETTER_TIMEOUT):
                while await _count_dead_letters(consumer) < before + len(records):
                    await asyncio.sleep(0.1)
        yield

    label = kinds[0] if len(kinds) == 1 else "everything at once"
    return Fault("poison", f"{label}, in {topic}", steps)


@asynccontextmanager
async def poison_continuously(cluster: Cluster) -> AsyncIterator[None]:
    """Produce a poison record to each partition, again and again until the block ends."""

    async def produce(producer: AIOKafkaProducer) -> None:
        while True:
            for partition in range(PARTITIONS):
                await producer.send_and_wait("chat.events", b"{not json", b"poison", partition)
            await asyncio.sleep(0.2)

    async with _kafka_clients(cluster.kafka) as (producer, _):
        producing = asyncio.create_task(produce(producer))
        try:
            yield
        finally:
            producing.cancel()
            await asyncio.wait([producing])


async def _count_dead_letters(consumer: AIOKafkaConsumer) -> int:
    ends = await consumer.end_offsets([TopicPartition("chat.dead-letters", 0)])
    return sum(ends.values())


@asynccontextmanager
async def _kafka_clients(kafka: str) -> AsyncIterator[tuple[AIOKafkaProducer, AIOKafkaConsumer]]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, max_request_size=2 * 1024 * 1024)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await producer.start()
    await consumer.start()
    try:
        yield producer, consumer
    finally:
        await producer.stop()
        await consumer.stop()
