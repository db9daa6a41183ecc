"""The load: a seeded population that sends, reads and starts, over REST and WebSocket, over every gateway.

async with load(gateways, seed=1, rate=100, backend=backend) as running:
    …                           whatever is done to the system
    await running.finish()      all is answered and seen, or `history.unsettled` says what is not
check(running.history, …)
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp

from shared.kafka import Producer
from tests.chaos.checker.history import Frame, History
from tests.chaos.load import rest_client as calls
from tests.chaos.load.admin_client import Backend, GroupAdmin
from tests.chaos.load.deliveries import Deliveries
from tests.chaos.load.polling_client import PollingClient
from tests.chaos.load.population import Population
from tests.chaos.load.socket_client import SocketClient
from tests.chaos.load.workload import Workload

FOLLOWERS = 2
"""Users who also read what they missed over REST alone."""


class Running:
    def __init__(
        self,
        gateways: Sequence[str],
        people: Population,
        rng: random.Random,
        http: aiohttp.ClientSession,
        repeated: float,
        refetched: float,
    ) -> None:
        self.people = people
        self.history = History(users=list(people.users))
        self.activity = Workload(people, gateways, self.history, rng, http, repeated)
        self._gateways, self._dice, self._http, self._refetched = gateways, rng, http, refetched
        self._directs = {talk.conversation for talk in people.directs}
        self._tasks: list[asyncio.Task[None]] = []
        self._lives: list[asyncio.Task[None]] = []
        self._refetching: set[asyncio.Task[None]] = set()

    @property
    def deliveries(self) -> Deliveries:
        return self.activity.deliveries

    async def open(self, churn: float) -> None:
        """All conversations are started and told of, all devices were connected. Raises TimeoutError."""
        async with asyncio.timeout(60):
            for user in self.people.users:
                self.history.first[user] = await calls.present(self._http, self._gateways[0], user)
            await asyncio.gather(*(self.activity.start(talk) for talk in self.people.directs))
            for number, user in enumerate(self.people.users):
                for name in ("a", "b")[: 1 + number % 2]:
                    self._own(f"{user}-{name}", user, churn)
            while not (all(device.cursors for device in self.activity.devices) and self._all_told()):
                await asyncio.sleep(0.02)

    def begin(self, work: Coroutine[None, None, None]) -> None:
        """Goes on until the load stops."""
        self._tasks.append(asyncio.create_task(work))

    async def finish(self, patience: float = 60) -> None:
        """Stops sending; returns when all is answered and every device has seen it and was told so, or has
        had `patience` seconds for each of these."""
        ended = await end(self._tasks)
        self.history.unsettled += [f"the load broke off: {e!r}" for e in ended if isinstance(e, Exception)]
        await self._settle(self.activity.under_way, patience, "operations are not answered")
        self.history.unsettled += self.activity.unanswered
        devices = self.activity.devices
        for device in devices:
            device.lives = 0
        await self._settle(self._unseen, patience, "messages were not seen by a device")
        told = {device: device.cursors for device in devices}
        await self._settle(
            lambda: sum(device.cursors == told[device] for device in devices),
            patience,
            "devices heard no cursor",
        )
        await end(self._lives)
        back = [asyncio.create_task(device.rest()) for device in devices]
        await self._settle(
            lambda: sum(not each.done() for each in back), patience, "devices could not come back"
        )
        await end(back)

    async def close(self) -> None:
        await end([*self._tasks, *self.activity.stop(), *self._lives, *self._refetching])

    def _own(self, name: str, user: str, churn: float) -> None:
        device = SocketClient(name, user, self._gateways, self.history, self._dice, self._heard, churn)
        self.activity.devices.append(device)
        self._lives.append(asyncio.create_task(device.run()))

    def _all_told(self) -> bool:
        """Whether every member knows of every conversation: from then on nobody may be refused."""
        told = {
            (connection.user, frame["conversationId"])
            for connection in self.history.connections
            for frame in connection.of("conversation")
        }
        return told >= {(user, talk.conversation) for talk in self.people.directs for user in talk.members}

    def _heard(self, device: SocketClient, frame: Frame) -> None:
        if frame["type"] != "message":
            return
        if frame["senderId"] != device.user:
            self.activity.saw(device.user, frame["conversationId"], frame["seq"])
            self.deliveries.see(frame["text"], device.name, live=bool(device.via))
        if frame["conversationId"] in self._directs and self._dice.random() < self._refetched:
            task = asyncio.create_task(self._refetch(device, frame))
            self._refetching.add(task)
            task.add_done_callback(self._refetching.discard)

    async def _refetch(self, device: SocketClient, frame: Frame) -> None:
        via = device.via or self._gateways[0]
        found = await calls.refetch(self._http, via, device.user, frame["conversationId"], frame["seq"])
        if found is not None:
            self.history.refetches.append(found)

    async def _settle(self, left: Callable[[], int], patience: float, what: str) -> None:
        deadline = asyncio.get_running_loop().time() + patience
        while (count := left()) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        if count:
            self.history.unsettled.append(f"after {patience:.0f} s {count} {what}")

    def _unseen(self) -> int:
        """How many accepted messages of direct conversations some device of a member lacks."""
        accepted: dict[str, set[str]] = {}
        for operation in self.history.sends():
            if operation.accepted:
                accepted.setdefault(operation.conversation, set()).add(operation.accepted[0].id or "")
        return sum(
            len(accepted.get(talk.conversation, set()) - device.seen)
            for device in self.activity.devices
            for talk in self.people.of_user(device.user)
        )


async def end(tasks: Sequence[asyncio.Task[None]]) -> list[BaseException | None]:
    """What each ended with."""
    for task in tasks:
        task.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def load(
    gateways: Sequence[str],
    seed: int,
    rate: float,
    *,
    users: int = 16,
    name: str = "",
    backend: Backend | None = None,
    churn: float = 4.0,
    repeated: float = 0.05,
    refetched: float = 0.05,
) -> AsyncIterator[Running]:
    """Runs when entered: `rate` messages a second. With `backend` there is a group, too. Devices hang up
    after `churn` seconds in the mean (0: never). `name` keeps apart what runs on one system."""
    rng = random.Random(seed)
    people = Population.of(seed, name or f"s{seed}", users)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(calls.session())
        running = Running(gateways, people, rng, http, repeated, refetched)
        stack.push_async_callback(running.close)
        await running.open(churn)
        if backend is not None:
            producer = Producer(backend.kafka, client_id="clients")
            await producer.start()
            stack.push_async_callback(producer.stop)
            group = GroupAdmin(people.group, backend, producer, running.history)
            await group.start()
            running.begin(group.come_and_go(rng, 0.7))
        for user in people.users[:FOLLOWERS]:
            running.begin(PollingClient(user, gateways, running.history, rng, http).run())
        running.begin(running.activity.talk(rate))
        yield running
