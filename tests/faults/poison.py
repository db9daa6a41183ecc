"""Records that nobody should have written, between good ones."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.contract import codec, ids
from shared.kafka import partition_for
from tests import builders
from tests.faults.fault import Fault
from tests.faults.population import PARTITIONS
from tests.faults.residents import House

BURIED_WITHIN = 60.0
"""Seconds."""


class Poison(NamedTuple):
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    """None: any."""


def poisons() -> dict[str, Poison]:
    """By what is wrong with it."""
    conversation = ids.direct_conversation_id("mallory", "trent")
    key = conversation.encode()
    good = codec.encode(builders.direct("mallory", "trent"))
    other = (partition_for(key, PARTITIONS) + 1) % PARTITIONS
    return {
        "no JSON": Poison(key, b"{not json"),
        "JSON null": Poison(key, b"null"),
        "no value": Poison(key, None),
        "empty": Poison(key, b""),
        "no key": Poison(None, b"{}"),
        "unknown type": Poison(key, good.replace(b"chat.event.conversation-", b"chat.unknown-")),
        "a megabyte": Poison(key, b'"' + b"x" * (1_000_000) + b'"'),
        "invalid UTF-8": Poison(key, good.replace(b"mallory", b"\xff\xfe\xc3\x28")),
        "deep nesting": Poison(key, b"[" * 100_000 + b"]" * 100_000),
        "deep nesting in a field": Poison(key, good[:-1] + b',"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}"),
        "wrong key": Poison(b"somebody-else", good, partition_for(b"somebody-else", PARTITIONS)),
        "wrong partition": Poison(key, good, other),
    }


def poisoned(dice: random.Random) -> Iterator[Fault]:
    for topic in ("chat.events", "chat.messages"):
        for what in poisons():
            yield poison(topic, [what], dice)
        yield poison(topic, list(poisons()), dice)


def poison(topic: str, kinds: list[str], dice: random.Random) -> Fault:
    """Each kind, in every partition where it is poison. Over once all of it is among the dead letters."""

    @asynccontextmanager
    async def inflict(house: House) -> AsyncIterator[None]:
        records = [(poisons()[kind], partition) for kind in kinds for partition in range(PARTITIONS)]
        dice.shuffle(records)
        async with _kafka(house.kafka) as (producer, consumer):
            before = await _buried(consumer)
            for record, partition in records:
                at = partition if record.partition is None else record.partition
                await producer.send_and_wait(topic, record.value, record.key, at)
            async with asyncio.timeout(BURIED_WITHIN):
                while await _buried(consumer) < before + len(records):
                    await asyncio.sleep(0.1)
        yield

    what = kinds[0] if len(kinds) == 1 else "everything at once"
    return Fault("poison", f"{what}, in {topic}", inflict)


@asynccontextmanager
async def poisoning(house: House) -> AsyncIterator[None]:
    """A record that means nothing in each partition, again and again until the block is over."""

    async def poison_all(producer: AIOKafkaProducer) -> None:
        while True:
            for partition in range(PARTITIONS):
                await producer.send_and_wait("chat.events", b"{not json", b"poison", partition)
            await asyncio.sleep(0.2)

    async with _kafka(house.kafka) as (producer, _):
        going_on = asyncio.create_task(poison_all(producer))
        try:
            yield
        finally:
            going_on.cancel()
            await asyncio.wait([going_on])


async def _buried(consumer: AIOKafkaConsumer) -> int:
    """How many dead letters there are."""
    ends = await consumer.end_offsets([TopicPartition("chat.dead-letters", 0)])
    return sum(ends.values())


@asynccontextmanager
async def _kafka(kafka: str) -> AsyncIterator[tuple[AIOKafkaProducer, AIOKafkaConsumer]]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, max_request_size=2 * 1024 * 1024)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await producer.start()
    await consumer.start()
    try:
        yield producer, consumer
    finally:
        await producer.stop()
        await consumer.stop()
