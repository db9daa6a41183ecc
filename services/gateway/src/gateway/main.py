"""The composition root: environment → parts → application → server."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import structlog
import uvicorn
import uvloop

from gateway.app import PRIVATE_PATHS, build_asgi_app
from gateway.commands.event_producer import EventProducer
from gateway.components import GatewayComponents
from gateway.critical_tasks import CriticalTasks
from gateway.settings import Settings
from gateway.store.client import HttpStore
from shared.http.server import server
from shared.http.service_token import authorization
from shared.kafka import Inspector, Producer
from shared.log import log_epoch
from shared.log.topics import Topics
from shared.runtime import logging
from shared.runtime.settings import read

log = structlog.get_logger()

_CLOSE_GRACE_SECONDS = 3  # seconds to close connections, after seven at most to drain them


def main() -> None:
    settings = read(Settings)
    logging.configure("gateway", settings.log_level)
    uvloop.run(serve(settings))


async def serve(settings: Settings) -> None:
    """Until SIGTERM or Ctrl-C. Raises SystemExit when the log is none of ours, or something vital failed."""
    topic = Topics.named(settings.topic_prefix).events
    inspector = Inspector(settings.kafka_bootstrap, topic, client_id="parley-gateway")
    async with build_components(settings, inspector, topic) as components:
        serving = server(
            build_asgi_app(components),
            settings,
            grace=_CLOSE_GRACE_SECONDS,
            private=PRIVATE_PATHS,
            farewell=components.drain,
        )
        identify, end = (
            _identify_log(components.events, inspector, topic, serving),
            _exit_on_failure(components.critical_tasks, serving),
        )
        async with components.critical_tasks.running(identify=identify, end=end):
            await serving.serve()
    if components.events.refused or components.critical_tasks.failures:
        sys.exit(1)


@asynccontextmanager
async def build_components(
    settings: Settings, inspector: Inspector, topic: str
) -> AsyncIterator[GatewayComponents]:
    """What is not up yet is waited for in the background, and named by /readyz."""
    producer = Producer(settings.kafka_bootstrap, client_id="parley-gateway")
    async with AsyncExitStack() as stack:
        token = settings.service_token.get_secret_value()
        connector = aiohttp.TCPConnector(limit=0)  # as many as notifiers
        linking = aiohttp.ClientSession(connector=connector, headers=authorization(token))
        session = await stack.enter_async_context(linking)
        store = await stack.enter_async_context(HttpStore(settings.store_url, token))
        stack.push_async_callback(producer.stop)
        stack.push_async_callback(inspector.stop)
        events = EventProducer(producer, inspector, topic)
        components = GatewayComponents.build(settings, events, store)
        work = components.critical_tasks.running(
            producer=producer.start(), links=components.links.keep(session)
        )
        await stack.enter_async_context(work)
        yield components


async def _identify_log(
    events: EventProducer, inspector: Inspector, topic: str, serving: uvicorn.Server
) -> None:
    """Which log this is. One that is none of ours ends the process."""
    await inspector.start()
    try:
        events.identity = await log_epoch.identify(inspector, topic)
    except RuntimeError as error:
        log.error("log.refused", reason=str(error))
        events.refused = serving.should_exit = True
    else:
        log.info("log.seen", epoch=events.identity.epoch, partitions=events.identity.partitions)


async def _exit_on_failure(vital: CriticalTasks, serving: uvicorn.Server) -> None:
    """A gateway that lost something vital ends, so that it is started anew."""
    await vital.wait_for_failure()
    serving.should_exit = True
