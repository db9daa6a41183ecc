"""How far the projectors and the notifiers lag behind the log, by Kafka and PostgreSQL themselves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.chaos.cluster.processes import Cluster

Offsets = Mapping[int, int]
"""By partition."""

_REQUEST_TIMEOUT = 5.0
_POLL_INTERVAL = 0.1
"""Seconds."""


async def wait_caught_up(cluster: Cluster) -> None:
    """Return once all that the log holds now is projected, and all that the public topic then holds is
    committed by the notifiers. Retries over new connections while either is unavailable."""
    while True:
        try:
            async with _clients(cluster.kafka) as (consumer, admin):
                await _wait_reached(await _end_offsets(consumer, "chat.events"), lambda: _projected(cluster))
                messages = await _end_offsets(consumer, "chat.messages")
                return await _wait_reached(messages, lambda: _committed_by_notifiers(admin))
        except (KafkaError, psycopg.Error, TimeoutError, OSError):
            await asyncio.sleep(_POLL_INTERVAL)


async def _wait_reached(ends: Offsets, read: Callable[[], Awaitable[Offsets]]) -> None:
    while True:
        async with asyncio.timeout(_REQUEST_TIMEOUT):
            offsets = await read()
        if all(offsets.get(partition, 0) >= end for partition, end in ends.items()):
            return
        await asyncio.sleep(_POLL_INTERVAL)


async def _end_offsets(consumer: AIOKafkaConsumer, topic: str) -> Offsets:
    partitions = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
    async with asyncio.timeout(_REQUEST_TIMEOUT):
        ends = await consumer.end_offsets(partitions)
    return {partition.partition: end for partition, end in ends.items()}


async def _projected(cluster: Cluster) -> Offsets:
    async with await psycopg.AsyncConnection.connect(cluster.database) as connection:
        rows = await connection.execute("select partition, next_offset from progress")
        return dict(await rows.fetchall())


async def _committed_by_notifiers(admin: AIOKafkaAdminClient) -> Offsets:
    committed = await admin.list_consumer_group_offsets("notifier-live")
    return {partition.partition: metadata.offset for partition, metadata in committed.items()}


@asynccontextmanager
async def _clients(kafka: str) -> AsyncIterator[tuple[AIOKafkaConsumer, AIOKafkaAdminClient]]:
    consumer = AIOKafkaConsumer("chat.events", "chat.messages", bootstrap_servers=kafka)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    try:
        async with asyncio.timeout(_REQUEST_TIMEOUT):
            await consumer.start()
            await admin.start()
        yield consumer, admin
    finally:
        await consumer.stop()
        await admin.close()
