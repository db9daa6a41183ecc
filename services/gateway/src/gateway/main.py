"""The composition root: environment → settings → components → application → server."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import structlog
import uvicorn
import uvloop

from gateway.app import PRIVATE_PATHS, build_asgi_app
from gateway.auth.dev import DevAuthenticator
from gateway.commands.event_producer import EventProducer
from gateway.components import GatewayComponents
from gateway.critical_tasks import CriticalTasks
from gateway.settings import Settings
from gateway.store.client import HttpStore
from shared.http.server import build_server
from shared.http.service_token import authorization
from shared.kafka import Producer, TopicReader
from shared.log import log_epoch
from shared.log.topics import Topics
from shared.runtime import logging
from shared.runtime.settings import load_settings

log = structlog.get_logger()

_CLOSE_GRACE_SECONDS = 3  # for closing connections, after at most seven seconds of draining


def main() -> None:
    settings = load_settings(Settings)
    logging.configure("gateway", settings.log_level)
    uvloop.run(serve(settings))


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises SystemExit when the log belongs to another system or a critical
    task failed."""
    topics = Topics.with_prefix(settings.topic_prefix)
    inspector = TopicReader(settings, topics.events, client_id="parley-gateway")
    published = TopicReader(settings, topics.epoch, client_id="parley-gateway")
    async with run_components(settings, inspector, topics.events) as components:
        web_server = build_server(
            build_asgi_app(components),
            settings,
            grace=_CLOSE_GRACE_SECONDS,
            private_path=PRIVATE_PATHS,
            on_shutdown=components.drain,
        )
        async with components.critical_tasks.running(
            identify=_identify_log(components.producer, inspector, published, web_server),
            end=_exit_on_failure(components.critical_tasks, web_server),
        ):
            await web_server.serve()
    if components.producer.refused or components.critical_tasks.failures:
        sys.exit(1)


@asynccontextmanager
async def run_components(
    settings: Settings, inspector: TopicReader, topic: str
) -> AsyncIterator[GatewayComponents]:
    """Run the connections to Kafka, store and notifiers. Whatever is not up yet is awaited in the
    background."""
    kafka_producer = Producer(settings, client_id="parley-gateway")
    async with AsyncExitStack() as stack:
        token = settings.service_token.get_secret_value()
        connector = aiohttp.TCPConnector(limit=0)  # as many as there are notifiers
        link_session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector, headers=authorization(token))
        )
        store = await stack.enter_async_context(HttpStore(settings.store_url, token))
        stack.push_async_callback(kafka_producer.stop)
        stack.push_async_callback(inspector.stop)
        producer = EventProducer(kafka_producer, inspector, topic)
        components = GatewayComponents.build(settings, producer, store, DevAuthenticator())
        await stack.enter_async_context(
            components.critical_tasks.running(
                producer=kafka_producer.start(), links=components.links.run(link_session)
            )
        )
        yield components


async def _identify_log(
    producer: EventProducer, inspector: TopicReader, published: TopicReader, web_server: uvicorn.Server
) -> None:
    """Learn the log's epoch. A log of another system, or a missing right, ends the process."""
    try:
        await inspector.start()
        await published.start()
        producer.identity = await log_epoch.identify_published(published, inspector)
    except RuntimeError as error:
        log.error("log.refused", reason=str(error))
        producer.refused = web_server.should_exit = True
    else:
        identity = producer.identity
        log.info("log.identified", epoch=identity.epoch, partitions=identity.partitions)
    finally:
        await published.stop()


async def _exit_on_failure(critical_tasks: CriticalTasks, web_server: uvicorn.Server) -> None:
    """End the process after a critical task failed, so that it is restarted."""
    await critical_tasks.wait_for_failure()
    web_server.should_exit = True
