"""How far the projectors and the notifiers are behind the log, as Kafka and PostgreSQL have it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.chaos.cluster.processes import Cluster

Offsets = Mapping[int, int]

_ANSWER = 5.0
_PAUSE = 0.1


async def wait_caught_up(cluster: Cluster) -> None:
    """Returns once all that is in the log now is projected, and all that is in the public topic then is told
    by the notifiers. What is away is asked until it answers, always over new connections."""
    while True:
        try:
            async with _asking(cluster.kafka) as (consumer, admin):
                events = await _ends(consumer, "chat.events")
                while not _past(await _projected(cluster), events):
                    await asyncio.sleep(_PAUSE)
                messages = await _ends(consumer, "chat.messages")
                while not _past(await _told(admin), messages):
                    await asyncio.sleep(_PAUSE)
                return
        except (KafkaError, psycopg.Error, TimeoutError, OSError):
            await asyncio.sleep(_PAUSE)


async def _ends(consumer: AIOKafkaConsumer, topic: str) -> Offsets:
    places = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
    async with asyncio.timeout(_ANSWER):
        found = await consumer.end_offsets(places)
    return {place.partition: end for place, end in found.items()}


async def _projected(cluster: Cluster) -> Offsets:
    async with (
        asyncio.timeout(_ANSWER),
        await psycopg.AsyncConnection.connect(cluster.database) as connection,
    ):
        rows = await connection.execute("select partition, next_offset from progress")
        return dict(await rows.fetchall())


async def _told(admin: AIOKafkaAdminClient) -> Offsets:
    async with asyncio.timeout(_ANSWER):
        found = await admin.list_consumer_group_offsets("notifier-live")
    return {place.partition: at.offset for place, at in found.items()}


def _past(reached: Offsets, ends: Offsets) -> bool:
    return all(reached.get(partition, 0) >= end for partition, end in ends.items())


@asynccontextmanager
async def _asking(kafka: str) -> AsyncIterator[tuple[AIOKafkaConsumer, AIOKafkaAdminClient]]:
    consumer = AIOKafkaConsumer("chat.events", "chat.messages", bootstrap_servers=kafka)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    try:
        async with asyncio.timeout(_ANSWER):
            await consumer.start()
            await admin.start()
        yield consumer, admin
    finally:
        await consumer.stop()
        await admin.close()
