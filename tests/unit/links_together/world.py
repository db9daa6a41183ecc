"""One gateway's links and sockets and some notifiers, without a network or a clock."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from gateway.commands.membership_cache import Membership
from gateway.notifiers.link import Link
from gateway.notifiers.link_pool import Links
from gateway.notifiers.offset_tracker import Stretches
from gateway.notifiers.subscriptions import Interest
from gateway.settings import Address
from gateway.store.client import StorePort
from gateway.websocket.catch_up import CatchUp
from gateway.websocket.connection import Socket
from gateway.websocket.registry import Sockets
from gateway.websocket.send_buffer import Outbox
from shared.contract import cursor
from shared.http.problems import Problem
from tests.unit.lines import Far
from tests.unit.links_together.memory import PARTITIONS, TALKS, Memory
from tests.unit.links_together.node import Node, settled


@dataclass
class Client:
    socket: Socket
    line: Far
    since: tuple[int, ...] | None = None
    """Where it began; None before it was registered."""
    got: list[tuple[int, int]] = field(default_factory=list)

    def read(self) -> None:
        for text in self.line.written:
            match orjson.loads(cast("str", text)):
                case [partition, offset]:
                    self.got.append((partition, offset))
        self.line.written.clear()


class World:
    def __init__(self, nodes: int, room: int) -> None:
        self.memory = Memory()
        self._interest, self._stretches = Interest(), Stretches()
        store = cast("StorePort", self.memory)
        self._membership = Membership(store, self._stretches)
        self._questions: set[asyncio.Task[None]] = set()
        sockets = Sockets(self._interest, self._membership, most=100, rate=200)
        self._links = Links([], "g1", self._interest, self._stretches, sockets)
        self._sockets = sockets
        self._catch_up = CatchUp(store, cast("Any", None))
        self._clients: dict[asyncio.Task[None], Client] = {}
        self.nodes = [self._node(number, room) for number in range(nodes)]

    def _node(self, number: int, room: int) -> Node:
        address = Address("notifier", number)
        link = Link(address, "g1", self._interest, self._links.told)
        self._links._links[address] = link
        return Node(self.memory, link, room)

    def enter(self, user: str) -> None:
        line = Far()
        client = Client(Socket(user, Outbox(line, 1_000, 1_000_000), self._stretches), line)
        self._clients[asyncio.create_task(self._attend(client))] = client

    async def leave(self, number: int) -> None:
        for task in list(self._clients)[number : number + 1]:
            del self._clients[task]
            task.cancel()
            await asyncio.wait([task])

    def write(self, partition: int, user: str) -> None:
        """The user writes to the partition's conversation; the answer may come any time later."""
        task = asyncio.create_task(self._write(partition, user))
        self._questions.add(task)
        task.add_done_callback(self._questions.discard)

    async def _write(self, partition: int, user: str) -> None:
        with suppress(Problem):
            await self._membership.require(user, TALKS[partition])

    async def _attend(self, client: Client) -> None:
        socket, fell_behind = client.socket, asyncio.Event()
        socket.fell_behind = fell_behind.set
        with self._sockets.entered(socket):
            await self._links.registered(socket.user)
            socket.registered = True
            client.since = self.memory.offsets
            socket.begin(self.memory.progress())
            while True:
                while socket.behind:
                    await self._catch_up.show(socket)
                socket.release()
                fell_behind.clear()
                await fell_behind.wait()

    async def check(self) -> None:
        """Each has, once and in order, what its cursor covers, and nothing more."""
        await settled()
        for task, client in self._clients.items():
            assert not task.done()
            assert not client.socket.outbox.closed
            client.read()
            if client.since is not None:
                at = client.socket.cursor()
                assert at is not None
                covered = self.memory.between(client.socket.user, client.since, cursor.decode(at).offsets)
                assert sorted(client.got) == covered
                for partition in range(PARTITIONS):
                    offsets = [offset for p, offset in client.got if p == partition]
                    assert offsets == sorted(offsets)

    def check_members(self) -> None:
        """What is remembered of each was so after all that was told, or later."""
        for partition, talk in enumerate(TALKS):
            since = range(self._stretches.covers(partition), self.memory.offsets[partition] + 1)
            members = dict.fromkeys(self._membership._members.get(talk, ()), True)
            for remembered in (members, self._membership._answers.get(talk, {})):
                for user, member in remembered.items():
                    assert any(self.memory.is_member(partition, user, at) is member for at in since)

    async def heal(self) -> None:
        """Nothing fails any more, and everything gets through."""
        self.memory.answers.set()
        for partition in range(PARTITIONS):
            self.memory.publish(partition)
        for number, node in enumerate(self.nodes):
            node.own(range(number, PARTITIONS, len(self.nodes)))
        for _ in range(8):
            for node in self.nodes:
                await node.dial()
                for partition in range(PARTITIONS):
                    node.read(partition, 10)
                node.switchboard.progress()
                await node.deliver(1_000)
                await node.hear(1_000)
            await self.check()
            self.check_members()

    def assert_whole(self) -> None:
        """Everybody has everything, and knows it."""
        assert self._links.ready
        for client in self._clients.values():
            assert self._links.in_force(client.socket.user)
            assert client.since is not None
            assert not client.socket.behind
            told = self.memory.between(client.socket.user, client.since, self.memory.offsets)
            assert sorted(client.got) == told

    async def end(self) -> None:
        for node in self.nodes:
            await node.tear()
        while self._clients:
            await self.leave(0)
        for question in list(self._questions):
            question.cancel()
            await asyncio.wait([question])
