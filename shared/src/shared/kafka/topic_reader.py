"""Looking at single places of the log."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka.consumer_lifecycle import (
    FETCH_OPTIONS,
    REQUEST_TIMEOUT,
    fetch_offsets,
    start,
    stop,
    to_record,
)
from shared.kafka.types import Record


class TopicReader:
    """Looks at single places of one topic, outside any group."""

    def __init__(self, bootstrap: str, topic: str, *, client_id: str) -> None:
        self._topic = topic
        self._lock = asyncio.Lock()
        self._consumer: Any = None
        self._create = partial(
            AIOKafkaConsumer,
            bootstrap_servers=bootstrap,
            client_id=client_id,
            request_timeout_ms=4000,
            **FETCH_OPTIONS
            | {"max_partition_fetch_bytes": 64 * 1024},  # it wants one record, not what follows
        )

    async def start(self) -> None:
        self._consumer = self._create()
        await start(self._consumer)

    async def stop(self) -> None:
        await stop(self._consumer)

    async def partition_count(self) -> int:
        """How many partitions the topic has; 0 when there is no such topic."""
        await self._consumer._client.force_metadata_update()
        return len(self._consumer.partitions_for_topic(self._topic) or ())

    async def end_offsets(self, partitions: Sequence[int]) -> dict[int, int]:
        """Raises TimeoutError when Kafka does not answer in 4 s."""
        return await fetch_offsets(self._consumer.end_offsets, self._topic, partitions)

    async def records_at(self, offsets: dict[int, int]) -> dict[int, Record]:
        """Per partition the record at the offset given, for those that have it; waits up to 4 s."""
        async with self._lock:
            places = {TopicPartition(self._topic, partition): at for partition, at in offsets.items()}
            self._consumer.assign(list(places))
            try:
                for place, at in places.items():
                    self._consumer.seek(place, at)
                return await self._fetch(places)
            finally:
                self._consumer.pause(*places)  # else it would go on fetching

    async def _fetch(self, offsets: dict[TopicPartition, int]) -> dict[int, Record]:
        records: dict[int, Record] = {}
        deadline = asyncio.get_running_loop().time() + REQUEST_TIMEOUT
        while len(records) < len(offsets) and asyncio.get_running_loop().time() < deadline:
            for place, fetched in (await self._consumer.getmany(timeout_ms=200)).items():
                if place.partition not in records and fetched[0].offset == offsets[place]:
                    records[place.partition] = to_record(fetched[0])
                self._consumer.pause(place)
        return records
