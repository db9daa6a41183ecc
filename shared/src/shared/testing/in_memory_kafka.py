"""Kafka over lists: the same promises without a broker, held by one contract suite."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping, Sequence

from shared.kafka.types import BatchResult, Headers, OutgoingRecord, Record, RecordPosition


class InMemoryLog:
    """All topics of one cluster."""

    def __init__(self, partitions: int) -> None:
        self.partition_count = partitions
        self.topics: dict[str, list[list[Record]]] = defaultdict(lambda: [[] for _ in range(partitions)])
        self.headers: dict[tuple[str, int, int], Headers] = {}
        self.committed: dict[tuple[str, int], int] = {}
        self.changed = asyncio.Event()

    def append(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> RecordPosition:
        records = self.topics[topic][partition]
        place = RecordPosition(partition, len(records))
        records.append(Record(partition, place.offset, key, value, headers))
        self.headers[topic, *place] = headers
        self.changed.set()
        return place


class InMemoryProducer:
    is_ready = True

    def __init__(self, log: InMemoryLog) -> None:
        self._log = log

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> Awaitable[RecordPosition]:
        place = self._log.append(topic, partition, key, value, headers)
        future: asyncio.Future[RecordPosition] = asyncio.get_running_loop().create_future()
        future.set_result(place)
        return future

    async def append_batch(
        self, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        places = [self._log.append(topic, partition, *record) for record in records]
        return BatchResult(places[0].offset, len(places))


class InMemoryConsumer:
    """The only member of its group: all partitions are assigned to it from the start."""

    def __init__(self, log: InMemoryLog, topic: str) -> None:
        self.revision = 1
        self.partitions = frozenset(range(log.partition_count))
        self._log = log
        self._topic = topic
        self._next: dict[int, int] = {}
        self._paused: set[int] = set()

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def seek(self, partition: int, offset: int) -> None:
        self._next[partition] = offset
        self._paused.discard(partition)

    def pause(self, partition: int) -> None:
        self._paused.add(partition)

    def resume(self, partition: int) -> None:
        self._paused.discard(partition)

    async def poll(self, limit: int, wait: float) -> dict[int, list[Record]]:
        taken = self._available(limit)
        if not taken and wait > 0:
            self._log.changed.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._log.changed.wait()
            except TimeoutError:
                return {}
            taken = self._available(limit)
        return taken

    async def end_offsets(self, partitions: Sequence[int]) -> dict[int, int]:
        return {partition: len(self._log.topics[self._topic][partition]) for partition in partitions}

    async def beginning_offsets(self, partitions: Sequence[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, 0)

    async def committed(self, partitions: Sequence[int]) -> dict[int, int]:
        known = ((p, self._log.committed.get((self._topic, p))) for p in partitions)
        return {p: offset for p, offset in known if offset is not None}

    async def commit(self, offsets: Mapping[int, int]) -> None:
        mine = {(self._topic, p): at for p, at in offsets.items() if p in self.partitions}
        self._log.committed.update(mine)

    def assign(self, partitions: Iterable[int]) -> None:
        """Rebalance: assign these partitions instead."""
        self.partitions = frozenset(partitions)
        self._next.clear()
        self.revision += 1
        self._log.changed.set()  # ends a poll that waits

    def _available(self, limit: int) -> dict[int, list[Record]]:
        taken: dict[int, list[Record]] = {}
        for partition, start in self._next.items():
            records = self._log.topics[self._topic][partition][start : start + limit]
            if records and limit > 0 and partition not in self._paused:
                taken[partition] = records
                self._next[partition] = start + len(records)
                limit -= len(records)
        return taken


class InMemoryTopicReader:
    def __init__(self, log: InMemoryLog, topic: str) -> None:
        self._log = log
        self._topic = topic

    async def records_at(self, offsets: dict[int, int]) -> dict[int, Record]:
        records = {p: self._log.topics[self._topic][p][at : at + 1] for p, at in offsets.items()}
        return {p: found[0] for p, found in records.items() if found}
