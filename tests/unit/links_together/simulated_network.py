"""One gateway's links and connections and several notifiers, without a network or a clock."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from gateway.commands.membership_cache import MembershipCache
from gateway.notifiers.link_pool import LinkPool
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.settings import Address
from gateway.store.client import StorePort
from gateway.websocket.catch_up import CatchUp
from gateway.websocket.connection import ClientConnection
from gateway.websocket.registry import ConnectionRegistry
from gateway.websocket.send_buffer import SendBuffer
from shared.contract import cursor
from shared.http.problems import Problem
from tests.fixtures.recording_connection import RecordingConnection
from tests.fixtures.recording_revocations import RecordingRevocations
from tests.unit.links_together.simulated_log import CONVERSATIONS, PARTITIONS, SimulatedLog
from tests.unit.links_together.simulated_notifier import SimulatedNotifier, settled


@dataclass
class Client:
    connection: ClientConnection
    line: RecordingConnection
    since: tuple[int, ...] | None = None
    """The log's offsets at its start; None before it was registered."""
    received: list[tuple[int, int]] = field(default_factory=list)

    def read(self) -> None:
        for text in self.line.written:
            match orjson.loads(cast("str", text)):
                case [partition, offset]:
                    self.received.append((partition, offset))
        self.line.written.clear()


class SimulatedNetwork:
    def __init__(self, notifiers: int, queue_limit: int) -> None:
        self.log = SimulatedLog()
        self._subscriptions, self._offset_tracker = UserSubscriptions(), OffsetTracker()
        store = cast("StorePort", self.log)
        self._membership = MembershipCache(store, self._offset_tracker)
        self._membership_checks: set[asyncio.Task[None]] = set()
        connections = ConnectionRegistry(self._subscriptions, self._membership, max_connections=100)
        self._link_pool = LinkPool(
            addresses=[],
            gateway="g1",
            user_subscriptions=self._subscriptions,
            offset_tracker=self._offset_tracker,
            receiver=connections,
            revocations=RecordingRevocations(),
        )
        self._connections = connections
        self._catch_up = CatchUp(store, cast("Any", None))
        self._clients: dict[asyncio.Task[None], Client] = {}
        self.notifiers = [self._new_notifier(number, queue_limit) for number in range(notifiers)]

    def _new_notifier(self, number: int, queue_limit: int) -> SimulatedNotifier:
        address = Address("notifier", number)
        link = self._link_pool._new_link(address)
        self._link_pool._links[address] = link
        return SimulatedNotifier(self.log, link, queue_limit)

    def enter(self, user: str) -> None:
        line = RecordingConnection()
        client = Client(
            ClientConnection(user, SendBuffer(line, 1_000, 1_000_000), self._offset_tracker), line
        )
        self._clients[asyncio.create_task(self._attend(client))] = client

    async def leave(self, number: int) -> None:
        for task in list(self._clients)[number : number + 1]:
            del self._clients[task]
            task.cancel()
            await asyncio.wait([task])

    def write(self, partition: int, user: str) -> None:
        """Check membership as when the user writes to the partition's conversation; it may complete later."""
        task = asyncio.create_task(self._write(partition, user))
        self._membership_checks.add(task)
        task.add_done_callback(self._membership_checks.discard)

    async def _write(self, partition: int, user: str) -> None:
        with suppress(Problem):
            await self._membership.require(user, CONVERSATIONS[partition])

    async def _attend(self, client: Client) -> None:
        connection, lagging = client.connection, asyncio.Event()
        with self._connections.registered(connection, lagging.set):
            await self._link_pool.wait_until_active(connection.user)
            connection.subscribed()
            client.since = self.log.offsets
            connection.set_start(self.log.progress())
            connection.hello_sent()
            while True:
                while connection.needs_resync:
                    await self._catch_up.replay_missed(connection)
                connection.go_live()
                lagging.clear()
                await lagging.wait()

    async def check_clients(self) -> None:
        """Assert that each client received, once and in order, what its cursor covers and nothing more."""
        await settled()
        for task, client in self._clients.items():
            assert not task.done()
            assert not client.connection.send_buffer.closed
            client.read()
            if client.since is not None:
                at = client.connection.cursor()
                assert at is not None
                covered = self.log.between(client.connection.user, client.since, cursor.decode(at).offsets)
                assert sorted(client.received) == covered
                for partition in range(PARTITIONS):
                    offsets = [offset for p, offset in client.received if p == partition]
                    assert offsets == sorted(offsets)

    def check_members(self) -> None:
        """Assert that every cached answer was true after the entries delivered, or later."""
        for partition, conversation in enumerate(CONVERSATIONS):
            since = range(self._offset_tracker.source_offset(partition), self.log.offsets[partition] + 1)
            members = dict.fromkeys(self._membership._members.get(conversation, ()), True)
            for cached in (members, self._membership._recent_answers.get(conversation, {})):
                for user, member in cached.items():
                    assert any(self.log.is_member(partition, user, at) is member for at in since)

    async def heal(self) -> None:
        """End every failure and deliver everything."""
        self.log.answers.set()
        for partition in range(PARTITIONS):
            self.log.publish(partition)
        for number, notifier in enumerate(self.notifiers):
            notifier.assign(range(number, PARTITIONS, len(self.notifiers)))
        for _ in range(8):
            for notifier in self.notifiers:
                await notifier.connect()
                for partition in range(PARTITIONS):
                    notifier.consume(partition, 10)
                notifier.dispatcher.send_progress()
                await notifier.deliver_to_gateway(1_000)
                await notifier.deliver_to_notifier(1_000)
            await self.check_clients()
            self.check_members()

    def assert_complete(self) -> None:
        """Assert that every client has received everything, and that the gateway is ready."""
        assert self._link_pool.is_ready
        for client in self._clients.values():
            assert self._link_pool.is_active(client.connection.user)
            assert client.since is not None
            assert not client.connection.needs_resync
            expected = self.log.between(client.connection.user, client.since, self.log.offsets)
            assert sorted(client.received) == expected

    async def end(self) -> None:
        for notifier in self.notifiers:
            await notifier.disconnect()
        while self._clients:
            await self.leave(0)
        for check in list(self._membership_checks):
            check.cancel()
            await asyncio.wait([check])
