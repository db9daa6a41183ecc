"""`python -m message_store project`: the projector and its health endpoints."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from fastapi import FastAPI

from message_store.projector.health import ProjectorHealth
from message_store.projector.projector import Projector
from message_store.projector.publisher import Publisher
from message_store.settings import ProjectSettings
from message_store.storage.migrate import newest
from message_store.storage.port import OwnershipLost, Unavailable
from message_store.storage.postgres import PostgresStore
from message_store.storage.schema import SchemaWatch, read_record
from shared.http.health import Health, health_routes
from shared.http.server import internal_app
from shared.kafka import Consumer, Producer, TopicReader
from shared.log.dead_letters import DeadLetters
from shared.log.log_epoch import identify
from shared.log.rights import PROJECTOR_GROUP
from shared.log.topics import Topics
from shared.runtime.critical_tasks import CriticalTasks
from shared.service.runner import Service
from shared.tracing.opening import open_tracer
from shared.tracing.port import Tracer


class Readiness:
    """Readiness of this process alone: Kafka and the database, which all replicas share, do not count."""

    def __init__(self, schema: SchemaWatch) -> None:
        self.schema = schema
        self.log_seen = False

    def reasons(self) -> Iterator[str]:
        """Yield why this process is not ready; nothing once it is."""
        if self.schema.fault is not None:
            yield self.schema.fault
        if not self.log_seen:
            yield "the log has not been seen yet"


async def project(
    settings: ProjectSettings, health: ProjectorHealth, readiness: Readiness, tracer: Tracer
) -> None:
    """Wait for the right schema, then project until cancelled. Raises WrongLog, RuntimeError when this log
    and this database do not belong together."""
    await readiness.schema.usable()
    topics = Topics.with_prefix(settings.topic_prefix)
    topic_reader = TopicReader(settings, topics.events, client_id="parley-projector")
    await topic_reader.start()
    try:
        identity = await identify(topic_reader, topics.events)
        readiness.log_seen = True
    finally:
        await topic_reader.stop()
    producer = Producer(settings, client_id="parley-projector", compression="zstd")
    consumer = Consumer(
        settings,
        topics.events,
        settings.topic_prefix + PROJECTOR_GROUP,
        client_id="parley-projector",
        session_timeout=settings.session_timeout,
    )
    store = PostgresStore(settings.dsn)
    publisher = Publisher(
        producer, topics.messages, epoch=identity.epoch, source=settings.source, tracer=tracer
    )
    dead_letters = DeadLetters(producer, topics.dead_letters, "message-store")
    projector = Projector(consumer, store, publisher, dead_letters, identity, topics.events, tracer)
    await producer.start()
    await consumer.start()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(publisher.run())
            tasks.create_task(projector.run())
            tasks.create_task(health.watch(projector.ownership, consumer))
    finally:
        # In a task of its own: before Python 3.11.3 asyncio.timeout fails in a task that was cancelled.
        await asyncio.create_task(_end(projector, publisher, consumer, producer, store))


async def _end(
    projector: Projector, publisher: Publisher, consumer: Consumer, producer: Producer, store: PostgresStore
) -> None:
    publishing = asyncio.create_task(publisher.run())
    try:
        with suppress(Unavailable, OwnershipLost):
            await projector.settle()
    finally:
        publishing.cancel()
        await consumer.stop()
        await producer.stop()
        await store.close()


@asynccontextmanager
async def run_projector(settings: ProjectSettings, critical_tasks: CriticalTasks) -> AsyncIterator[Service]:
    """Run the projection and the watch of the schema."""
    progress = ProjectorHealth(settings.stalled_after)
    readiness = Readiness(SchemaWatch(partial(read_record, settings.dsn), newest()))
    health = Health(lambda: [*critical_tasks.failures, *progress.faults()], readiness.reasons)
    async with (
        open_tracer(settings, "parley-projector") as tracer,
        critical_tasks.running(
            schema=readiness.schema.run(), projection=project(settings, progress, readiness, tracer)
        ),
    ):
        yield Service(_build_app(health), health)


def _build_app(health: Health) -> FastAPI:
    app = internal_app("Parley projector")
    app.include_router(health_routes(health))
    return app
