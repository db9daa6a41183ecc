"""The real projector, applied to the log once more, into a database that holds nothing."""

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


async def replay(records: Sequence[Sequence[Record]], database_url: str) -> None:
    """`records` by partition. Raises TimeoutError."""
    await asyncio.to_thread(migrate, database_url)
    log = InMemoryLog(len(records))
    log.topics["events"] = [list(own) for own in records]
    identity = LogIdentity(codec.decode_epoch(records[0][0].value), len(records))
    consumer, store = InMemoryConsumer(log, "events"), PostgresStore(database_url)
    nowhere = InMemoryProducer(InMemoryLog(len(records)))
    publisher = Publisher(nowhere, "messages", epoch=identity.epoch, source="replay")
    buried = DeadLetters(nowhere, "dead-letters", "replay")
    projector = Projector(consumer, store, publisher, buried, identity, "events")
    publishing = asyncio.create_task(publisher.run())
    try:
        async with asyncio.timeout(60):
            while projector.ownership.next != {p: len(own) for p, own in enumerate(records)}:
                await projector.step(wait=0)
    finally:
        publishing.cancel()
        await store.close()
