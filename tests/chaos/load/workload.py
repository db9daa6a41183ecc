"""What the clients do, and retry until there is a definite answer."""

import asyncio
from collections.abc import Coroutine

from tests.chaos.checker.history import Attempt, Operation, Status
from tests.chaos.load import rest_client
from tests.chaos.load.context import LoadContext
from tests.chaos.load.deliveries import Deliveries
from tests.chaos.load.population import Conversation
from tests.chaos.load.socket_client import SocketClient

_WITHOUT_CLIENT_ID = 0.03
_TO_THE_GROUP = 0.1
"""Shares of the sends."""
_READS, _STARTS = 0.25, 0.02
"""Per send."""


class Workload:
    def __init__(self, context: LoadContext) -> None:
        self.deliveries = Deliveries()
        self.clients: list[SocketClient] = []
        self.tasks: set[asyncio.Task[None]] = set()
        """Operations in flight."""
        self._context, self._rng = context, context.rng
        self._last_seen: dict[tuple[str, str], int] = {}
        """(user, conversation) → the last seq received."""
        self._pending: list[Operation] = []

    @property
    def unanswered(self) -> list[str]:
        """The pending operations, each with its last attempt."""
        return [f"{op.kind} of {op.user} ({_progress(op)})" for op in self._pending]

    async def run(self, rate: float) -> None:
        """Send `rate` messages a second until cancelled (open loop: none waits for another)."""
        loop, number = asyncio.get_running_loop(), 0
        due = loop.time()
        while True:
            due += self._rng.expovariate(rate)
            await asyncio.sleep(due - loop.time())
            number += 1
            self._spawn(self._send(number, due))
            if self._context.chance(_READS) and self._last_seen:
                self._spawn(self._read())
            if self._context.chance(_STARTS):
                self._spawn(self.start(self._rng.choice(self._context.population.directs)))

    async def start(self, direct: Conversation) -> None:
        user, peer = self._rng.sample(list(direct.members), 2)
        await self._complete(Operation("start", user, direct.id, peer=peer))

    def record_seen(self, user: str, conversation: str, seq: int) -> None:
        self._last_seen[user, conversation] = seq

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _send(self, number: int, due: float) -> None:
        context = self._context
        to_group = context.history.produced_events and context.chance(_TO_THE_GROUP)
        conversation = context.population.group if to_group else self._rng.choice(context.population.directs)
        user = self._rng.choice(conversation.members)
        client_id = None if context.chance(_WITHOUT_CLIENT_ID) else f"c{number}"
        operation = Operation("send", user, conversation.id, client_id, f"{user} sends {number}")
        self.deliveries.expect(operation.text, conversation.id, due)
        await self._complete(operation)
        if client_id and operation.accepted and context.chance(context.repeated):
            repeats = (rest_client.attempt(context.http, gateway, operation) for gateway in context.gateways)
            operation.attempts += await asyncio.gather(*repeats)

    async def _read(self) -> None:
        """Mark a conversation as read, up to the last message received or a little less."""
        (user, conversation), seq = self._rng.choice(list(self._last_seen.items()))
        operation = Operation("read", user, conversation, up_to=max(1, seq - self._rng.randrange(3)))
        client = self._connected_client(user)
        if client and self._context.chance(0.5):
            self._context.history.operations.append(operation)
            await client.read(operation)
        else:
            await self._complete(operation)

    async def _complete(self, operation: Operation) -> None:
        """Retry until there is a definite answer; a send without `clientId` is tried once."""
        self._context.history.operations.append(operation)
        self._pending.append(operation)
        is_idempotent = operation.kind != "send" or operation.client_id is not None
        while (attempt := await self._attempt(operation)).status is Status.INDETERMINATE and is_idempotent:
            operation.attempts.append(attempt)
            await asyncio.sleep(self._rng.uniform(0.2, 0.6))
        operation.attempts.append(attempt)
        self._pending.remove(operation)

    async def _attempt(self, operation: Operation) -> Attempt:
        client = self._connected_client(operation.user)
        if client and operation.kind == "send" and operation.client_id and self._context.chance(0.5):
            return await client.send(operation)
        return await rest_client.attempt(self._context.http, self._context.any_gateway(), operation)

    def _connected_client(self, user: str) -> SocketClient | None:
        connected = [client for client in self.clients if client.user == user and client.gateway]
        return self._rng.choice(connected) if connected else None


def _progress(operation: Operation) -> str:
    attempts = operation.attempts
    return f"{len(attempts)} attempts, last {attempts[-1].code}" if attempts else "no attempt finished"
