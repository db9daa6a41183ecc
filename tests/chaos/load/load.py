"""Runs a seeded population that sends, reads and starts over REST and WebSocket, through all gateways.

async with start_load(gateways, seed=1, rate=100, backend=backend) as load:
    …                        inject faults
    await load.finish()      all is answered and delivered, or `history.unsettled` has what is not
check(load.history, …)
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from shared.kafka import Producer
from tests.chaos.checker.history import Frame, History
from tests.chaos.load import rest_client
from tests.chaos.load.admin_client import AdminClient, Backend
from tests.chaos.load.context import LoadContext
from tests.chaos.load.deliveries import Deliveries
from tests.chaos.load.polling_client import PollingClient
from tests.chaos.load.population import Population
from tests.chaos.load.socket_client import SocketClient
from tests.chaos.load.workload import Workload

POLLING_CLIENTS = 2
"""Users who also catch up over REST alone."""


class Load:
    def __init__(self, context: LoadContext) -> None:
        self.population = context.population
        self.workload = Workload(context)
        self._context = context
        self._directs = {direct.id for direct in self.population.directs}
        self._tasks: list[asyncio.Task[None]] = []
        self._client_tasks: list[asyncio.Task[None]] = []
        self._refetch_tasks: set[asyncio.Task[None]] = set()

    @property
    def history(self) -> History:
        return self._context.history

    @property
    def deliveries(self) -> Deliveries:
        return self.workload.deliveries

    async def open(self) -> None:
        """Start and announce all conversations, connect all clients. Raises TimeoutError."""
        http, gateway = self._context.http, self._context.gateways[0]
        async with asyncio.timeout(60):
            for user in self.population.users:
                self.history.start_cursors[user] = await rest_client.head_cursor(http, gateway, user)
            await asyncio.gather(*(self.workload.start(direct) for direct in self.population.directs))
            for number, user in enumerate(self.population.users):
                for suffix in ("a", "b")[: 1 + number % 2]:
                    client = SocketClient(f"{user}-{suffix}", user, self._context, self._on_frame)
                    self.workload.clients.append(client)
                    self._client_tasks.append(asyncio.create_task(client.run()))
            clients = self.workload.clients
            while not (all(client.cursor_count for client in clients) and self._all_announced()):
                await asyncio.sleep(0.02)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run it until the load stops."""
        self._tasks.append(asyncio.create_task(work))

    async def finish(self, max_seconds: float = 60) -> None:
        """Stop sending; wait until all is answered, every client has received it and a cursor after it, and
        could reconnect. Each of these has `max_seconds`."""

        async def settle(count: Callable[[], int], what: str) -> None:
            deadline = asyncio.get_running_loop().time() + max_seconds
            while (left := count()) and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(0.02)
            if left:
                self.history.unsettled.append(f"after {max_seconds:.0f} s {left} {what}")

        failures = [error for error in await cancel(self._tasks) if isinstance(error, Exception)]
        self.history.unsettled += [f"the load failed: {error!r}" for error in failures]
        workload, clients = self.workload, self.workload.clients
        await settle(lambda: len(workload.tasks), "operations are not answered")
        self.history.unsettled += workload.unanswered
        for client in clients:
            client.mean_lifetime = 0
        await settle(self._count_undelivered, "messages were not delivered to a client")
        before = {client: client.cursor_count for client in clients}
        await settle(lambda: sum(c.cursor_count == before[c] for c in clients), "clients received no cursor")
        await cancel(self._client_tasks)
        returning = [asyncio.create_task(client.catch_up()) for client in clients]
        await settle(lambda: sum(not task.done() for task in returning), "clients could not reconnect")
        await cancel(returning)

    async def close(self) -> None:
        await cancel([*self._tasks, *self.workload.tasks, *self._client_tasks, *self._refetch_tasks])

    def _all_announced(self) -> bool:
        """Whether every member has received every conversation: from then on none may be refused."""
        announced = {
            (connection.user, frame["conversationId"])
            for connection in self.history.connections
            for frame in connection.of("conversation")
        }
        directs = self.population.directs
        return announced >= {(user, direct.id) for direct in directs for user in direct.members}

    def _on_frame(self, client: SocketClient, frame: Frame) -> None:
        if frame["type"] != "message":
            return
        if frame["senderId"] != client.user:
            self.workload.record_seen(client.user, frame["conversationId"], frame["seq"])
            self.deliveries.record(frame["text"], client.name, live=bool(client.gateway))
        if frame["conversationId"] in self._directs and self._context.chance(self._context.refetched):
            task = asyncio.create_task(self._refetch(client, frame))
            self._refetch_tasks.add(task)
            task.add_done_callback(self._refetch_tasks.discard)

    async def _refetch(self, client: SocketClient, frame: Frame) -> None:
        gateway, http = client.gateway or self._context.gateways[0], self._context.http
        conversation, seq = frame["conversationId"], frame["seq"]
        if refetch := await rest_client.refetch(http, gateway, client.user, conversation, seq):
            self.history.refetches.append(refetch)

    def _count_undelivered(self) -> int:
        """Accepted messages of direct conversations that a client of a member lacks."""
        accepted: dict[str, set[str]] = {}
        for operation in self.history.sends():
            if operation.accepted:
                accepted.setdefault(operation.conversation, set()).add(operation.accepted[0].id or "")
        return sum(
            len(accepted.get(direct.id, set()) - client.message_ids)
            for client in self.workload.clients
            for direct in self.population.directs_of(client.user)
        )


async def cancel(tasks: Iterable[asyncio.Task[None]]) -> list[BaseException | None]:
    """Cancel all; return the exception of each, if any."""
    cancelled = list(tasks)
    for task in cancelled:
        task.cancel()
    return await asyncio.gather(*cancelled, return_exceptions=True)


@asynccontextmanager
async def start_load(
    gateways: Sequence[str],
    seed: int,
    rate: float,
    backend: Backend,
    *,
    users: int = 16,
    name: str = "",
    mean_lifetime: float = 4.0,
    repeated: float = 0.05,
    refetched: float = 0.05,
) -> AsyncIterator[Load]:
    """Yield a load of `rate` messages a second. `name` separates loads on one system."""
    rng, population = random.Random(seed), Population.of(seed, name or f"s{seed}", users)
    history = History(users=list(population.users))
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(rest_client.session())
        context = LoadContext(population, gateways, rng, http, history, mean_lifetime, repeated, refetched)
        load = Load(context)
        stack.push_async_callback(load.close)
        await load.open()
        producer = Producer(backend.kafka, client_id="clients")
        await producer.start()
        stack.push_async_callback(producer.stop)
        admin = AdminClient(population.group, producer, history)
        await admin.start_group()
        load.spawn(admin.change_members(rng, 0.7))
        for user in population.users[:POLLING_CLIENTS]:
            load.spawn(PollingClient(user, context).run())
        load.spawn(load.workload.run(rate))
        yield load
