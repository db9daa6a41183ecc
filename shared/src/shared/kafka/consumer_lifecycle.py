"""Start, stop and time limits of aiokafka's consumer, for all who read with it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.kafka.connection import ConnectionLog, denied
from shared.kafka.types import Record
from shared.runtime.back_off import BackOff

FETCH_OPTIONS = {
    "auto_offset_reset": "earliest",
    "enable_auto_commit": False,
    "max_partition_fetch_bytes": 4 * 1024 * 1024,
    "retry_backoff_ms": 50,
}
REQUEST_TIMEOUT = 4.0
"""Seconds."""


def to_record(record: Any) -> Record:
    return Record(record.partition, record.offset, record.key, record.value, record.headers)


async def fetch_offsets(method: Any, topic: str, partitions: Sequence[int]) -> dict[int, int]:
    """Call `method` of aiokafka's consumer for all partitions. Raises TimeoutError, AccessDenied."""
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT):
            offsets = await method([TopicPartition(topic, partition) for partition in partitions])
    except KafkaError as error:
        raise denied(error) or TimeoutError("Kafka does not answer") from error
    return {topic_partition.partition: offset for topic_partition, offset in offsets.items()}


async def start(consumer: Any, connection_log: ConnectionLog) -> None:
    """Start the consumer; wait for a broker without limit."""
    back_off = BackOff(0.1, 1.0)
    while True:
        try:
            await consumer.start()
        except (KafkaError, OSError) as error:
            await connection_log.waiting(error)
            await back_off.sleep()
        else:
            connection_log.connected()
            return


async def stop(consumer: Any) -> None:
    """Stop the consumer within five seconds, whether or not a broker answers."""
    if consumer is None:
        return
    try:
        async with asyncio.timeout(3.0):
            await consumer.stop()
    except (TimeoutError, KafkaError):
        await _force_close(consumer)
    except asyncio.CancelledError:  # aiokafka cancels a task of its own and trips over that
        await _force_close(consumer)
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise


async def _force_close(consumer: Any) -> None:
    """Close what a `stop` that failed has left open."""
    for part in (consumer._fetcher, consumer._client):
        with suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(1.0):
                if part is not None:
                    await part.close()
