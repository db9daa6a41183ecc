"""Applies the log to an empty database with the real projector."""

import asyncio
from collections.abc import Sequence

from message_store.projector.projector import Projector
from message_store.projector.publisher import Publisher
from message_store.storage.migrate import migrate
from message_store.storage.postgres import PostgresStore
from shared.contract import codec
from shared.kafka import Record
from shared.log.dead_letters import DeadLetters
from shared.log.log_epoch import LogIdentity
from shared.testing.in_memory_kafka import InMemoryConsumer, InMemoryLog, InMemoryProducer


async def replay(records: Sequence[Sequence[Record]], database: str) -> None:
    """`records`: of each partition. `database`: a URL. Raises TimeoutError."""
    await asyncio.to_thread(migrate, database)
    log = InMemoryLog(len(records))
    log.topics["events"] = [list(partition) for partition in records]
    identity = LogIdentity(codec.decode_epoch(records[0][0].value), len(records))
    consumer, store = InMemoryConsumer(log, "events"), PostgresStore(database)
    discarding = InMemoryProducer(InMemoryLog(len(records)))
    publisher = Publisher(discarding, "messages", epoch=identity.epoch, source="replay")
    dead_letters = DeadLetters(discarding, "dead-letters", "replay")
    projector = Projector(consumer, store, publisher, dead_letters, identity, "events")
    publishing = asyncio.create_task(publisher.run())
    try:
        async with asyncio.timeout(60):
            while projector.ownership.next != {p: len(partition) for p, partition in enumerate(records)}:
                await projector.step(wait=0)
    finally:
        publishing.cancel()
        await store.close()
