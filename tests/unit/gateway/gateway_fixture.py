"""A gateway with everything behind it in memory; real are HTTP, its sockets and the link to its notifier."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp
import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect

from gateway import authentication
from gateway.app import build_asgi_app, server_options
from gateway.auth.authenticator import Authenticator
from gateway.commands.event_producer import EventProducer
from gateway.components import GatewayComponents
from gateway.limits.settings import UNLIMITED
from gateway.settings import Settings
from gateway.testing.in_memory_store import InMemoryStore
from shared.contract import codec, events
from shared.http.connections import Timeouts
from shared.http.server import build_server
from shared.kafka import BatchResult, OutgoingRecord, Unconfirmed, partition_for
from shared.log.log_epoch import LogIdentity
from shared.runtime.critical_tasks import CriticalTasks
from shared.testing.in_memory_kafka import InMemoryConsumer, InMemoryLog, InMemoryProducer
from shared.tracing.port import NO_TRACER, Tracer
from tests.fixtures.service_token import AUTHORIZATION, SERVICE_TOKEN
from tests.unit.gateway import contracted
from tests.unit.gateway.fake_notifier import FakeNotifier, serve_notifier

EPOCH = "0123456789abcdef"
PARTITIONS = 4
TOPIC = "chat.events"
UNKNOWN_CONVERSATION = "00000000-0000-4000-8000-000000000000"
"""A conversation that nobody began."""

_numbers = count(1)


def unique_user() -> str:
    """A user whom no other test has met."""
    return f"user-{next(_numbers)}"


class Broker(InMemoryProducer):
    """The in-memory log behind a broker that may be away."""

    away = False
    delays: Iterator[float] = iter(())
    """How long the next batches take to get in line."""

    async def append_batch(
        self, topic: str, partition: int, records: Iterable[OutgoingRecord]
    ) -> BatchResult:
        if self.away:
            raise Unconfirmed("away")
        offered = list(records)
        await asyncio.sleep(next(self.delays, 0))
        return await super().append_batch(topic, partition, offered)


class Ends(InMemoryConsumer):
    away = False

    async def end_offsets(self, partitions: Any) -> dict[int, int]:
        if self.away:
            raise TimeoutError("away")
        return await super().end_offsets(partitions)


class SocketClient:
    """One user's WebSocket, speaking frames."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **frame: object) -> None:
        await self.socket.send(orjson.dumps(frame).decode())

    async def receive(self, kind: str | None = None) -> dict[str, Any]:
        """The next frame, or the next of this type."""
        async with asyncio.timeout(5):
            while True:
                frame: dict[str, Any] = orjson.loads(await self.socket.recv())
                if kind in (None, frame["type"]):
                    return frame

    async def wait_closed(self) -> tuple[int | None, str | None]:
        """Code and reason, once it is."""
        async with asyncio.timeout(8):
            await self.socket.wait_closed()
        return self.socket.close_code, self.socket.close_reason


@dataclass
class GatewayFixture:
    components: GatewayComponents
    log: InMemoryLog
    broker: Broker
    ends: Ends
    store: InMemoryStore
    notifier: FakeNotifier
    http: httpx.AsyncClient
    port: int
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def written_events(self) -> list[events.AggregateEvent]:
        """Every event in the log, the epoch records aside."""
        records = [record for partition in self.log.topics[TOPIC] for record in partition]
        decoded = [codec.decode_event(record.value) for record in records]
        return [event for event in decoded if not isinstance(event, events.LogOpened)]

    def write(self, event: events.AggregateEvent) -> None:
        """Append the event to the log, past the gateway."""
        key = event.subject.encode()
        partition = partition_for(key, PARTITIONS)
        self.log.append(TOPIC, partition, key, codec.encode(event))

    def partition_of(self, conversation: str) -> int:
        return partition_for(conversation.encode(), PARTITIONS)

    async def start_direct(self, *users: str) -> str:
        """A conversation of two users."""
        answer = await self.http.post(f"/messages/start?meId={users[0]}", json={"peerId": users[1]})
        return str(answer.json()["id"])

    async def send_message(self, user: str, conversation: str, text: str) -> None:
        body = {"conversationId": conversation, "text": text}
        answer = await self.http.post(f"/messages?meId={user}", json=body)
        assert answer.status_code == 202, answer.text

    async def current_cursor(self, user: str) -> str:
        """Where everything is now."""
        return str((await self.http.get(f"/messages/sync?meId={user}")).json()["cursor"])

    @asynccontextmanager
    async def connect(
        self, user: str | None, *, query: str = "", **options: Any
    ) -> AsyncIterator[SocketClient]:
        token = "" if user is None else f"token={user}"
        async with connect(f"ws://127.0.0.1:{self.port}/ws?{token}{query}", **options) as socket:
            yield SocketClient(socket)

    @asynccontextmanager
    async def connected(self, user: str | None, **options: Any) -> AsyncIterator[SocketClient]:
        """Greeted already."""
        async with self.connect(user, **options) as client:
            assert (await client.receive())["type"] == "hello"
            assert (await client.receive())["type"] == "synced"
            yield client


@asynccontextmanager
async def run_gateway(*, ping: float = 20, **settings: Any) -> AsyncIterator[GatewayFixture]:
    async with run_traced_gateway(NO_TRACER, ping=ping, **settings) as gateway:
        yield gateway


@asynccontextmanager
async def run_traced_gateway(
    tracer: Tracer, *, ping: float = 20, **settings: Any
) -> AsyncIterator[GatewayFixture]:
    async with AsyncExitStack() as stack:
        notifier = await stack.enter_async_context(serve_notifier(FakeNotifier(PARTITIONS)))
        addresses = [f"127.0.0.1:{notifier.port}"]
        needed = {"store_url": "http://store", "notifiers": addresses, "service_token": SERVICE_TOKEN}
        given = {**needed, "auth": "dev", "port": 0, **UNLIMITED, **settings}
        parsed = Settings.model_validate(given)
        keys = authentication.key_source(parsed, await stack.enter_async_context(aiohttp.ClientSession()))
        gateway = _build(parsed, notifier, authentication.build(parsed, keys), tracer)
        session = await stack.enter_async_context(aiohttp.ClientSession(headers=AUTHORIZATION))
        await stack.enter_async_context(
            gateway.components.critical_tasks.running(
                links=gateway.components.links.run(session),
                revocations=gateway.components.revocations.run(lambda: gateway.components.links.is_ready),
            )
        )
        if keys is not None:
            await stack.enter_async_context(gateway.components.critical_tasks.running(keys=keys.refresh()))
        await stack.enter_async_context(_serve(gateway, ping))
        await stack.enter_async_context(gateway.http)
        yield gateway


def _build(
    settings: Settings, notifier: FakeNotifier, authenticator: Authenticator, tracer: Tracer
) -> GatewayFixture:
    log = InMemoryLog(PARTITIONS)
    data = events.LogOpenedData(epoch=EPOCH, partitions=PARTITIONS)
    begun = events.LogOpened(id="1", source="t", subject="log", time="2026-01-01T00:00:00.000Z", data=data)
    for partition in range(PARTITIONS):
        log.append(TOPIC, partition, None, codec.encode(begun))
    identity = LogIdentity(EPOCH, PARTITIONS)
    broker, ends, store = Broker(log), Ends(log, TOPIC), InMemoryStore(log, TOPIC, identity)
    components = GatewayComponents.build(
        settings,
        EventProducer(broker, ends, TOPIC, tracer),
        store,
        authenticator,
        CriticalTasks(),
        tracer,
    )
    components.producer.identity = identity
    return GatewayFixture(components, log, broker, ends, store, notifier, httpx.AsyncClient(), 0)


@asynccontextmanager
async def _serve(gateway: GatewayFixture, ping: float) -> AsyncIterator[None]:
    serving = build_server(
        build_asgi_app(gateway.components),
        gateway.components.settings,
        grace=1,
        timeouts=Timeouts(ping=ping),
        options=server_options(gateway.components),
        on_shutdown=gateway.components.drain,
    )
    task = asyncio.create_task(serving.serve())
    while not serving.started:
        await asyncio.sleep(0.005)
    gateway.port = serving.servers[0].sockets[0].getsockname()[1]
    gateway.http = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{gateway.port}", event_hooks={"response": [contracted.require]}
    )
    stopping = asyncio.create_task(_stop_when_set(gateway, serving))
    try:
        yield
    finally:
        gateway.stop.set()
        await stopping
        await task


async def _stop_when_set(gateway: GatewayFixture, serving: Any) -> None:
    await gateway.stop.wait()
    serving.should_exit = True
