"""The composition root: environment → parts → application → server."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import structlog
import uvicorn
import uvloop

from gateway.app import PRIVATE, entrance
from gateway.commands.event_producer import EventLog
from gateway.components import Door
from gateway.critical_tasks import Vital
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

_GRACE = 3  # seconds to close connections, after seven at most to drain them


def main() -> None:
    settings = load_settings(Settings)
    logging.configure("gateway", settings.log_level)
    uvloop.run(serve(settings))


async def serve(settings: Settings) -> None:
    """Until SIGTERM or Ctrl-C. Raises SystemExit when the log is none of ours, or something vital failed."""
    topic = Topics.with_prefix(settings.topic_prefix).events
    inspector = TopicReader(settings.kafka_bootstrap, topic, client_id="parley-gateway")
    async with parts(settings, inspector, topic) as door:
        serving = build_server(
            entrance(door), settings, grace=_GRACE, private_path=PRIVATE, on_shutdown=door.drain
        )
        identify, end = _identify(door.events, inspector, topic, serving), _end(door.vital, serving)
        async with door.vital.running(identify=identify, end=end):
            await serving.serve()
    if door.events.refused or door.vital.lost:
        sys.exit(1)


@asynccontextmanager
async def parts(settings: Settings, inspector: TopicReader, topic: str) -> AsyncIterator[Door]:
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
        events = EventLog(producer, inspector, topic)
        door = Door.hung(settings, events, store)
        work = door.vital.running(producer=producer.start(), links=door.links.run(session))
        await stack.enter_async_context(work)
        yield door


async def _identify(events: EventLog, inspector: TopicReader, topic: str, serving: uvicorn.Server) -> None:
    """Which log this is. One that is none of ours ends the process."""
    await inspector.start()
    try:
        events.identity = await log_epoch.identify(inspector, topic)
    except RuntimeError as error:
        log.error("log.refused", reason=str(error))
        events.refused = serving.should_exit = True
    else:
        log.info("log.seen", epoch=events.identity.epoch, partitions=events.identity.partitions)


async def _end(vital: Vital, serving: uvicorn.Server) -> None:
    """A gateway that lost something vital ends, so that it is started anew."""
    await vital.failure()
    serving.should_exit = True
