"""Reading the log from places that the caller owns.

Kafka's group decides who reads which partition; where to read from is said by `seek`, and a partition just
assigned is paused until then. A caller with no better place for its offsets leaves them with the group
(`commit`, `committed`).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import InvalidSessionTimeoutError, KafkaError

from shared.kafka.consumer_lifecycle import ANSWER, FETCH, as_record, bounds, start, stop
from shared.kafka.types import Record, Unconfirmed

_BEAT = 0.5  # seconds at most between heartbeats: who comes and goes is heard of at the next


class Consumer:
    """A group member. `revision` grows with each assignment: when it changed, seek every partition anew,
    and all of them together: one sought while Kafka holds a fetch of others open waits for its end, up to
    half a second."""

    def __init__(
        self, bootstrap: str, topic: str, group: str, *, client_id: str, session_timeout: float = 3.0
    ) -> None:
        self.revision = 0
        self.partitions: frozenset[int] = frozenset()
        self._topic = topic
        self._sought: set[int] = set()
        self._patience: asyncio.Timeout | None = None
        """Of a wait for records."""
        self._consumer: Any = None
        self._made = partial(
            AIOKafkaConsumer,  # wants a running loop
            bootstrap_servers=bootstrap,
            group_id=group,
            client_id=client_id,
            session_timeout_ms=int(session_timeout * 1000),
            heartbeat_interval_ms=int(min(session_timeout / 10, _BEAT) * 1000),
            max_poll_interval_ms=86_400_000,  # waiting for a database is no reason to lose partitions
            rebalance_timeout_ms=10_000,
            **FETCH,
        )

    async def start(self) -> None:
        """Joins the group; waits for a broker as long as it takes."""
        self._consumer = self._made()
        await start(self._consumer)
        self._consumer.subscribe([self._topic], listener=_Listener(self))

    async def stop(self) -> None:
        await stop(self._consumer)

    def seek(self, partition: int, offset: int) -> None:
        """Read `partition` from `offset` on. Nothing of it is delivered before this was said."""
        place = TopicPartition(self._topic, partition)
        if partition in self.partitions and place in self._consumer.assignment():
            self._consumer.seek(place, offset)
            self._consumer.resume(place)
            self._sought.add(partition)

    def pause(self, partition: int) -> None:
        place = TopicPartition(self._topic, partition)
        if place in self._consumer.assignment():
            self._consumer.pause(place)

    def resume(self, partition: int) -> None:
        place = TopicPartition(self._topic, partition)
        if place in self._consumer.assignment():
            self._consumer.resume(place)

    async def take(self, limit: int, wait: float) -> dict[int, list[Record]]:
        """At most `limit` records, in order within each partition; waits up to `wait` seconds for the
        first, but no longer than the assignment stays what it is."""
        fetched: dict[TopicPartition, list[Any]] = {}
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(None) as self._patience:
                    fetched = await self._fetched(limit, wait)
        finally:
            self._patience = None
        return {
            place.partition: [as_record(record) for record in records]
            for place, records in fetched.items()
            if place.partition in self._sought
        }

    async def _fetched(self, limit: int, wait: float) -> dict[TopicPartition, list[Any]]:
        try:
            found: dict[TopicPartition, list[Any]] = await self._consumer.getmany(
                timeout_ms=int(wait * 1000), max_records=limit
            )
        except InvalidSessionTimeoutError as error:
            raise RuntimeError(
                "the broker refuses SESSION_TIMEOUT: lower its group.min.session.timeout.ms, or raise this"
            ) from error
        return found

    async def begins(self, partitions: Sequence[int]) -> dict[int, int]:
        """Per partition the offset of the oldest record kept. Raises TimeoutError."""
        return await bounds(self._consumer.beginning_offsets, self._topic, partitions)

    async def ends(self, partitions: Sequence[int]) -> dict[int, int]:
        """Per partition the offset that the next record will get. Raises TimeoutError."""
        return await bounds(self._consumer.end_offsets, self._topic, partitions)

    async def committed(self, partitions: Sequence[int]) -> dict[int, int]:
        """Per partition the next offset that the group has committed, where it has. Raises TimeoutError."""
        places = [TopicPartition(self._topic, partition) for partition in partitions]
        try:
            async with asyncio.timeout(ANSWER):
                offsets = await asyncio.gather(*map(self._consumer.committed, places))
        except KafkaError as error:
            raise TimeoutError("Kafka does not answer") from error
        return {p: offset for p, offset in zip(partitions, offsets, strict=True) if offset is not None}

    async def commit(self, offsets: Mapping[int, int]) -> None:
        """Leave the next offsets with the group, of those partitions that are still this member's. Raises
        Unconfirmed, as in the middle of a change of assignment."""
        mine = {TopicPartition(self._topic, p): at for p, at in offsets.items() if p in self.partitions}
        if not mine:
            return
        try:
            async with asyncio.timeout(ANSWER):
                await self._consumer.commit(mine)
        except (TimeoutError, KafkaError) as error:
            raise Unconfirmed("the group did not take the commit") from error

    def revoked(self) -> None:
        self.assigned(())

    def assigned(self, partitions: Iterable[int]) -> None:
        self.partitions = frozenset(partitions)
        self._sought = set()
        self.revision += 1
        for partition in self.partitions:
            self.pause(partition)
        patience, self._patience = self._patience, None
        if patience is not None:
            patience.reschedule(0)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self._consumer.revoked()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._consumer.assigned(place.partition for place in assigned)
