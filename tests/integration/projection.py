"""A log, a database and real projector processes between them."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

from message_store.storage.migrate import migrate
from shared.contract import codec, entries
from shared.contract.events import Event
from shared.kafka import Producer, partition_for
from shared.log.topics import Topics, TopicSettings, open_log
from tests.fixtures import builders

PARTITIONS = 3


@dataclass
class World:
    bootstrap: str
    database_url: str
    prefix: str
    epoch: str
    producer: Producer
    folder: Path

    @property
    def topics(self) -> Topics:
        return Topics.with_prefix(self.prefix)

    async def happen(self, events: Iterable[Event]) -> None:
        """Append events to the log, as the gateway does."""
        acks = [await self._send(builders.key_of(event), codec.encode(event)) for event in events]
        await asyncio.gather(*acks)

    async def _send(self, key: bytes | None, value: bytes | None) -> Any:
        return await self.producer.send(self.topics.events, partition_for(key or b"", PARTITIONS), key, value)

    async def put(self, partition: int, key: bytes | None, value: bytes | None) -> None:
        """Append any record to the log, valid or not."""
        await (await self.producer.send(self.topics.events, partition, key, value))

    @asynccontextmanager
    async def projector(self, **env: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """A real process; killed on leaving if it still runs."""
        name = self.folder / f"projector-{len(list(self.folder.iterdir()))}.log"
        settings = {
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "DATABASE_URL": self.database_url,
            "TOPIC_PREFIX": self.prefix,
            "SESSION_TIMEOUT": "1.5",
        }
        with name.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "message_store", "project"),
                env=os.environ | settings | env,
                stdout=out,
                stderr=out,
            )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
                await process.wait()

    def output(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.iterdir()))

    def sql(self, query: LiteralString) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query).fetchall()

    def execute(self, statement: LiteralString) -> None:
        with psycopg.connect(self.database_url) as connection:
            connection.execute(statement)

    async def caught_up(self, patience: float = 30.0) -> None:
        """Wait until everything in the log is projected and published."""
        async with asyncio.timeout(patience):
            while not await self._is_caught_up():
                await asyncio.sleep(0.05)

    async def _is_caught_up(self) -> bool:
        ends = {p: records[-1].offset + 1 for p, records in (await self.read(self.topics.events)).items()}
        if dict(self.sql("select partition, next_offset from progress")) != ends:
            return False
        due = self.sql("select count(*) from journal where outcome in ('entry', 'rejected')")
        return bool(
            due[0][0] == len({entry.id for own in (await self.published()).values() for entry in own})
        )

    async def published(self) -> dict[int, list[entries.Entry]]:
        """Decode all entries of chat.messages, repetitions included."""
        read = await self.read(self.topics.messages)
        return {p: [codec.decode_entry(record.value) for record in records] for p, records in read.items()}

    async def read(self, topic: str) -> dict[int, list[Any]]:
        """Read all records of a topic, by partition."""
        partitions = range(1 if topic == self.topics.dead_letters else PARTITIONS)
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap)
        await consumer.start()
        try:
            assigned = [TopicPartition(topic, partition) for partition in partitions]
            consumer.assign(assigned)
            await consumer.seek_to_beginning()
            ends = {tp.partition: end for tp, end in (await consumer.end_offsets(assigned)).items() if end}
            records: dict[int, list[Any]] = {partition: [] for partition in ends}
            while any(len(records[partition]) < end for partition, end in ends.items()):
                for tp, batch in (await consumer.getmany(timeout_ms=500)).items():
                    records[tp.partition] += batch
            return records
        finally:
            await consumer.stop()


@asynccontextmanager
async def world(bootstrap: str, database_url: str, prefix: str, folder: Path) -> AsyncIterator[World]:
    epoch = await open_log(
        TopicSettings(kafka_bootstrap=bootstrap, topic_prefix=prefix, partitions=PARTITIONS)
    )
    await asyncio.to_thread(migrate, database_url)
    producer = Producer(bootstrap, client_id="test")
    await producer.start()
    try:
        yield World(bootstrap, database_url, prefix, epoch, producer, folder)
    finally:
        await producer.stop()


def in_order(published: Sequence[entries.Entry]) -> list[int]:
    """The offsets published, repetitions left out."""
    return [int(identity.split("-")[2]) for identity in dict.fromkeys(entry.id for entry in published)]
