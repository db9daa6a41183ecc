"""A group member whose caller owns the offsets.

The group decides which member reads which partition; `seek` decides from where, and a newly assigned
partition is paused until then. A caller with no better place for its offsets commits them to the group.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import InvalidSessionTimeoutError, KafkaError
from prometheus_client import Counter

from shared.kafka.connection import DENIED, ConnectionLog, Kafka, connection_arguments, denied
from shared.kafka.consumer_lifecycle import (
    FETCH_OPTIONS,
    REQUEST_TIMEOUT,
    fetch_offsets,
    start,
    stop,
    to_record,
)
from shared.kafka.types import Record, Unconfirmed

_MAX_HEARTBEAT_INTERVAL = 0.5
"""Seconds. Members learn of a rebalance by their next heartbeat."""

_rebalances = Counter("kafka_rebalances_total", "Assignments received from the consumer group.", ["group"])


class Consumer:
    """A group member. `revision` grows whenever partitions are assigned or revoked. When it has changed,
    seek every assigned partition again, without awaiting in between: a partition that is positioned during
    a fetch of others is not read until that fetch ends, up to half a second later."""

    def __init__(
        self, kafka: Kafka, topic: str, group: str, *, client_id: str, session_timeout: float = 3.0
    ) -> None:
        self.revision = 0
        self.partitions: frozenset[int] = frozenset()
        self.rebalances = _rebalances.labels(group)
        self._topic = topic
        self._positioned: set[int] = set()
        self._poll_timeout: asyncio.Timeout | None = None
        """The timeout of the poll that is waiting for records."""
        self._consumer: Any = None
        self._kafka = kafka
        self._connection_log = ConnectionLog(kafka, client_id)
        self._create = partial(
            AIOKafkaConsumer,  # wants a running loop
            group_id=group,
            client_id=client_id,
            session_timeout_ms=int(session_timeout * 1000),
            heartbeat_interval_ms=int(min(session_timeout / 10, _MAX_HEARTBEAT_INTERVAL) * 1000),
            max_poll_interval_ms=86_400_000,  # waiting for a database is no reason to lose partitions
            rebalance_timeout_ms=10_000,
            **FETCH_OPTIONS,
        )

    async def start(self) -> None:
        """Join the group; wait for a broker without limit."""
        self._consumer = self._create(**connection_arguments(self._kafka))
        await start(self._consumer, self._connection_log)
        self._consumer.subscribe([self._topic], listener=_RebalanceListener(self))

    async def stop(self) -> None:
        await stop(self._consumer)

    def seek(self, partition: int, offset: int) -> None:
        """Read `partition` from `offset` on; until then none of its records are returned."""
        topic_partition = TopicPartition(self._topic, partition)
        if partition in self.partitions and topic_partition in self._consumer.assignment():
            self._consumer.seek(topic_partition, offset)
            self._consumer.resume(topic_partition)
            self._positioned.add(partition)

    def pause(self, partition: int) -> None:
        topic_partition = TopicPartition(self._topic, partition)
        if topic_partition in self._consumer.assignment():
            self._consumer.pause(topic_partition)

    def resume(self, partition: int) -> None:
        topic_partition = TopicPartition(self._topic, partition)
        if topic_partition in self._consumer.assignment():
            self._consumer.resume(topic_partition)

    async def poll(self, limit: int, wait: float) -> dict[int, list[Record]]:
        """Return at most `limit` records, in order within each partition. Wait up to `wait` seconds for the
        first; a change of the assignment ends the wait. Raises AccessDenied."""
        fetched: dict[TopicPartition, list[Any]] = {}
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(None) as self._poll_timeout:
                    fetched = await self._fetch(limit, wait)
        finally:
            self._poll_timeout = None
        return {
            topic_partition.partition: [to_record(record) for record in records]
            for topic_partition, records in fetched.items()
            if topic_partition.partition in self._positioned
        }

    async def _fetch(self, limit: int, wait: float) -> dict[TopicPartition, list[Any]]:
        try:
            records: dict[TopicPartition, list[Any]] = await self._consumer.getmany(
                timeout_ms=int(wait * 1000), max_records=limit
            )
        except InvalidSessionTimeoutError as error:
            raise RuntimeError(
                "the broker refuses SESSION_TIMEOUT: lower its group.min.session.timeout.ms, or raise this"
            ) from error
        except DENIED as error:
            raise denied(error) or error from error
        return records

    async def beginning_offsets(self, partitions: Sequence[int]) -> dict[int, int]:
        """Return the offset of the oldest retained record of each partition. Raises TimeoutError."""
        return await fetch_offsets(self._consumer.beginning_offsets, self._topic, partitions)

    async def end_offsets(self, partitions: Sequence[int]) -> dict[int, int]:
        """Return the offset that the next record of each partition will get. Raises TimeoutError."""
        return await fetch_offsets(self._consumer.end_offsets, self._topic, partitions)

    async def committed(self, partitions: Sequence[int]) -> dict[int, int]:
        """Return the committed next offsets of those partitions that have one. Raises TimeoutError."""
        topic_partitions = [TopicPartition(self._topic, partition) for partition in partitions]
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                offsets = await asyncio.gather(*map(self._consumer.committed, topic_partitions))
        except KafkaError as error:
            raise denied(error) or TimeoutError("Kafka does not answer") from error
        return {p: offset for p, offset in zip(partitions, offsets, strict=True) if offset is not None}

    async def commit(self, offsets: Mapping[int, int]) -> None:
        """Commit the next offsets of those partitions that this member still owns. Raises Unconfirmed, for
        example during a rebalance."""
        owned = {TopicPartition(self._topic, p): at for p, at in offsets.items() if p in self.partitions}
        if not owned:
            return
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                await self._consumer.commit(owned)
        except (TimeoutError, KafkaError) as error:
            raise Unconfirmed("the group did not accept the commit") from error

    def on_revoked(self) -> None:
        self.on_assigned(())

    def on_assigned(self, partitions: Iterable[int]) -> None:
        self.partitions = frozenset(partitions)
        self._positioned = set()
        self.revision += 1
        for partition in self.partitions:
            self.pause(partition)
        poll_timeout, self._poll_timeout = self._poll_timeout, None
        if poll_timeout is not None:
            poll_timeout.reschedule(0)


class _RebalanceListener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._consumer.on_revoked()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._consumer.rebalances.inc()
        self._consumer.on_assigned(topic_partition.partition for topic_partition in assigned)
