"""Reads records and end offsets of a topic, outside any group."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.connection import DENIED, ConnectionLog, Kafka, connection_arguments, denied, is_secured
from shared.kafka.consumer_lifecycle import (
    FETCH_OPTIONS,
    REQUEST_TIMEOUT,
    fetch_offsets,
    start,
    stop,
    to_record,
)
from shared.kafka.types import AccessDenied, Record, RecordWithHeaders


class TopicReader:
    """Reads records of one topic, outside any group."""

    def __init__(self, kafka: Kafka, topic: str, *, client_id: str) -> None:
        self._topic = topic
        self._kafka = kafka
        self._connection_log = ConnectionLog(kafka, client_id)
        self._lock = asyncio.Lock()
        self._consumer: Any = None
        self._create = partial(
            AIOKafkaConsumer,
            client_id=client_id,
            request_timeout_ms=4000,
            **FETCH_OPTIONS
            | {"max_partition_fetch_bytes": 64 * 1024},  # it wants one record, not what follows
        )

    async def start(self) -> None:
        self._consumer = self._create(**connection_arguments(self._kafka))
        await start(self._consumer, self._connection_log)

    async def stop(self) -> None:
        await stop(self._consumer)

    async def partition_count(self) -> int:
        """Return the number of partitions; 0 when there is no such topic. Raises AccessDenied when there may
        be one, but this principal has no right to it."""
        client = self._consumer._client
        await client.force_metadata_update()
        count = len(self._consumer.partitions_for_topic(self._topic) or ())
        if count == 0 and is_secured(self._kafka):
            # in the list of all topics those without a right are missing: request this one by name
            client.add_topic(self._topic)
            await client.force_metadata_update()
            if self._topic in client.cluster.unauthorized_topics:
                raise AccessDenied(f"Kafka denies the right to describe {self._topic} (docs/hardening.md)")
        return count

    async def end_offsets(self, partitions: Sequence[int]) -> dict[int, int]:
        """Return the end offset of each partition. Raises TimeoutError after 4 s, AccessDenied."""
        return await fetch_offsets(self._consumer.end_offsets, self._topic, partitions)

    async def records_at(self, offsets: dict[int, int]) -> dict[int, Record]:
        """Return the record at each partition's offset, where there is one; wait up to 4 s. Raises
        AccessDenied."""
        async with self._lock:
            topic_partitions = {
                TopicPartition(self._topic, partition): offset for partition, offset in offsets.items()
            }
            self._consumer.assign(list(topic_partitions))
            try:
                for topic_partition, offset in topic_partitions.items():
                    self._consumer.seek(topic_partition, offset)
                return await self._fetch(topic_partitions)
            finally:
                self._consumer.pause(*topic_partitions)  # else it would go on fetching

    async def scan(self, partition: int, start: int, end: int) -> AsyncIterator[RecordWithHeaders]:
        """Yield the records from offset `start` to before `end`, as far as they are kept; wait without limit
        for a broker that is away. Raises AccessDenied."""
        topic_partition = TopicPartition(self._topic, partition)
        async with self._lock:
            self._consumer.assign([topic_partition])
            self._consumer.seek(topic_partition, start)
            while await self._consumer.position(topic_partition) < end:
                for records in (await self._poll()).values():
                    for record in records:
                        if record.offset < end:
                            yield RecordWithHeaders(record.offset, record.value, record.headers)

    async def _fetch(self, offsets: dict[TopicPartition, int]) -> dict[int, Record]:
        """Poll until each partition's record has come, or `REQUEST_TIMEOUT` is over."""
        loop = asyncio.get_running_loop()
        found: dict[int, Record] = {}
        deadline = loop.time() + REQUEST_TIMEOUT
        while len(found) < len(offsets) and loop.time() < deadline:
            for topic_partition, records in (await self._poll()).items():
                partition = topic_partition.partition
                if partition not in found and records[0].offset == offsets[topic_partition]:
                    found[partition] = to_record(records[0])
                self._consumer.pause(topic_partition)
        return found

    async def _poll(self) -> dict[TopicPartition, list[Any]]:
        """Raises AccessDenied."""
        try:
            fetched: dict[TopicPartition, list[Any]] = await self._consumer.getmany(timeout_ms=200)
        except DENIED as error:
            raise denied(error) or error from error
        return fetched
