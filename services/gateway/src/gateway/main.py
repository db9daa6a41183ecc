"""The composition root: what a gateway runs while it serves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import aiohttp
import structlog

from gateway import authentication
from gateway.app import build_asgi_app, build_operator_calls, server_options
from gateway.commands.event_producer import EventProducer
from gateway.components import GatewayComponents
from gateway.settings import Settings
from gateway.store.client import HttpStore
from shared.http.service_token import authorization
from shared.kafka import Producer, TopicReader
from shared.log import log_epoch
from shared.log.topics import Topics
from shared.metrics.log_info import expose_log
from shared.runtime.critical_tasks import CriticalTasks
from shared.service.runner import Service, run_service
from shared.tracing.opening import open_tracer

log = structlog.get_logger()

_CLIENT_ID = "parley-gateway"
_STOP_TIMEOUT_SECONDS = 1.0


def main() -> None:
    run_service("gateway", Settings, run_gateway)


@asynccontextmanager
async def run_gateway(settings: Settings, critical_tasks: CriticalTasks) -> AsyncIterator[Service]:
    """Run the connections to Kafka, store and notifiers. Whatever is not up yet is awaited in the
    background."""
    _warn(settings)
    topics = Topics.with_prefix(settings.topic_prefix)
    inspector = TopicReader(settings, topics.events, client_id=_CLIENT_ID)
    published = TopicReader(settings, topics.epoch, client_id=_CLIENT_ID)
    kafka_producer = Producer(settings, client_id=_CLIENT_ID)
    async with AsyncExitStack() as stack:
        tracer = await stack.enter_async_context(open_tracer(settings, _CLIENT_ID))
        token = settings.service_tokens[0]
        connector = aiohttp.TCPConnector(limit=0)  # as many as there are notifiers
        link_session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector, headers=authorization(token))
        )
        store = await stack.enter_async_context(HttpStore(settings.store_url, token, settings.internal_tls()))
        stack.push_async_callback(_stop_kafka, kafka_producer, inspector)
        producer = EventProducer(kafka_producer, inspector, topics.events, tracer)
        key_session = await stack.enter_async_context(aiohttp.ClientSession())  # without the service token
        keys = authentication.key_source(settings, key_session)
        authenticator = authentication.build(settings, keys)
        components = GatewayComponents.build(settings, producer, store, authenticator, critical_tasks, tracer)
        await stack.enter_async_context(
            critical_tasks.running(
                producer=kafka_producer.start(),
                links=components.links.run(link_session),
                log=_identify_log(producer, inspector, published),
                revocations=components.revocations.run(lambda: components.links.is_ready),
            )
        )
        if keys is not None:
            await stack.enter_async_context(critical_tasks.running(keys=keys.refresh()))
        yield Service(
            build_asgi_app(components),
            components.health,
            operator_calls=build_operator_calls(components),
            drain=components.drain,
            options=server_options(components),
        )


def _warn(settings: Settings) -> None:
    """Log what is off in production that belongs on, and cannot be decided here."""
    if settings.env == "production" and settings.proxies is None:
        hint = "set TRUSTED_PROXIES to the addresses of the reverse proxies, or to none"
        log.warning("limits.by_address_off", hint=hint)


async def _stop_kafka(producer: Producer, inspector: TopicReader) -> None:
    """Stop the clients of Kafka, which nothing uses any more, within a second."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_STOP_TIMEOUT_SECONDS):
            await asyncio.gather(producer.stop(), inspector.stop())


async def _identify_log(producer: EventProducer, inspector: TopicReader, published: TopicReader) -> None:
    """Learn the log's epoch. Raises RuntimeError, so that the process ends, if the log belongs to another
    system or a right is missing."""
    try:
        await inspector.start()
        await published.start()
        producer.identity = identity = await log_epoch.identify_published(published, inspector)
    finally:
        await published.stop()
    expose_log(identity.epoch)
    log.info("log.identified", epoch=identity.epoch, partitions=identity.partitions)
