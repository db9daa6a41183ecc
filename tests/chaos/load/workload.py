"""What people do, and do again until it is answered for good."""

import asyncio
import random
from collections.abc import Coroutine, Sequence

import aiohttp

from tests.chaos.checker.history import Attempt, History, Operation, Status
from tests.chaos.load import rest_client as calls
from tests.chaos.load.deliveries import Deliveries
from tests.chaos.load.population import Conversation, Population
from tests.chaos.load.socket_client import SocketClient

_NAMELESS = 0.03
"""The share of sends without a `clientId`."""
_GROUPED = 0.1
_READS, _STARTS = 0.25, 0.02
"""For each send."""


class Workload:
    """`repeated`: the share of what was accepted that is said again, over all gateways at once."""

    def __init__(
        self,
        people: Population,
        gateways: Sequence[str],
        history: History,
        rng: random.Random,
        http: aiohttp.ClientSession,
        repeated: float,
    ) -> None:
        self.deliveries = Deliveries()
        self.devices: list[SocketClient] = []
        self._people, self._gateways, self._history = people, gateways, history
        self._dice, self._http, self._repeated = rng, http, repeated
        self._read_up_to: dict[tuple[str, str], int] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._open: list[Operation] = []

    @property
    def unanswered(self) -> list[str]:
        """What is still under way, and what it was told last."""
        return [f"{each.kind} of {each.user} ({_last(each)})" for each in self._open]

    async def talk(self, rate: float) -> None:
        """Until cancelled: `rate` messages a second, each begun when it is due, whatever became of others."""
        loop, number = asyncio.get_running_loop(), 0
        due = loop.time()
        while True:
            due += self._dice.expovariate(rate)
            await asyncio.sleep(due - loop.time())
            number += 1
            self._begin(self._send(number, due))
            if self._dice.random() < _READS and self._read_up_to:
                self._begin(self._read())
            if self._dice.random() < _STARTS:
                self._begin(self.start(self._dice.choice(self._people.directs)))

    async def start(self, talk: Conversation) -> None:
        user, peer = self._dice.sample(list(talk.members), 2)
        await self._see_through(Operation("start", user, talk.conversation, peer=peer))

    def saw(self, user: str, conversation: str, seq: int) -> None:
        self._read_up_to[user, conversation] = seq

    def under_way(self) -> int:
        return len(self._under_way)

    def stop(self) -> list[asyncio.Task[None]]:
        """What is still under way."""
        return list(self._under_way)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(self, number: int, due: float) -> None:
        grouped = self._history.produced and self._dice.random() < _GROUPED
        talk = self._people.group if grouped else self._dice.choice(self._people.directs)
        user = self._dice.choice(talk.members)
        client_id = None if self._dice.random() < _NAMELESS else f"c{number}"
        operation = Operation("send", user, talk.conversation, client_id, f"{user} says {number}", began=due)
        self.deliveries.begin(operation.text, talk.conversation, due)
        await self._see_through(operation)
        if client_id and operation.accepted and self._dice.random() < self._repeated:
            again = (calls.attempt(self._http, via, operation) for via in self._gateways)
            operation.answers += await asyncio.gather(*again)

    async def _read(self) -> None:
        """What this user has seen of some conversation, or a little less."""
        (user, conversation), seq = self._dice.choice(list(self._read_up_to.items()))
        up_to = max(1, seq - self._dice.randrange(3))
        operation = Operation("read", user, conversation, up_to=up_to)
        device = self._connected(user)
        if device and self._dice.random() < 0.5:
            self._history.operations.append(operation)
            await device.read(operation)
        else:
            await self._see_through(operation)

    async def _see_through(self, operation: Operation) -> None:
        """Tries until it is answered; what cannot be repeated is tried once. Who was refused in the end does
        not know what came of an attempt before that."""
        self._history.operations.append(operation)
        self._open.append(operation)
        repeatable = operation.kind != "send" or operation.client_id is not None
        while (answer := await self._attempt(operation)).status is Status.INDETERMINATE and repeatable:
            operation.answers.append(answer)
            await asyncio.sleep(self._dice.uniform(0.2, 0.6))
        operation.answers.append(answer)
        self._open.remove(operation)

    async def _attempt(self, operation: Operation) -> Attempt:
        device = self._connected(operation.user)
        if device and operation.kind == "send" and operation.client_id and self._dice.random() < 0.5:
            return await device.send(operation)
        return await calls.attempt(self._http, self._dice.choice(self._gateways), operation)

    def _connected(self, user: str) -> SocketClient | None:
        found = [device for device in self.devices if device.user == user and device.via]
        return self._dice.choice(found) if found else None


def _last(operation: Operation) -> str:
    tries = len(operation.answers)
    return f"{tries} times, at last {operation.answers[-1].code}" if tries else "not yet answered"
