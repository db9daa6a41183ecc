"""A group whose members change by events that are produced directly: there are no routes for that yet."""

import asyncio
import itertools
import random
from dataclasses import dataclass

from shared.contract import codec, ids
from shared.contract.events import Event
from shared.kafka import Producer, Unconfirmed, partition_for
from shared.log.topics import Topics
from tests.chaos.checker.history import Attempt, History, Operation, Status
from tests.chaos.load.population import PARTITIONS, Conversation
from tests.fixtures import builders


@dataclass(frozen=True)
class Backend:
    """What no client has access to."""

    kafka: str
    database: str


class AdminClient:
    def __init__(self, group: Conversation, producer: Producer, history: History) -> None:
        self._group = group
        self._producer = producer
        self._history = history

    async def start_group(self) -> None:
        """Without its last member, who sends a message nevertheless."""
        *members, last = self._group.members
        await self._change(builders.started(self._group.id, members, title="group"))
        await self._send(last, f"{last} is no member yet", "early")

    async def change_members(self, rng: random.Random, mean_interval: float) -> None:
        """Until cancelled: one of the last two members leaves or returns, and sends a message at once,
        unchecked by any gateway."""
        first = self._group.members[0]
        for number in itertools.count():
            await asyncio.sleep(rng.expovariate(1 / mean_interval))
            change = rng.choice((builders.added, builders.removed))
            user = rng.choice(self._group.members[-2:])
            await self._change(change(self._group.id, first, user))
            await self._send(user, f"{user} joins or leaves {number}", f"g{number}")

    async def _change(self, event: Event) -> None:
        self._history.produced_events[event.id] = self._group.id
        await self._produce(event)

    async def _send(self, user: str, text: str, client_id: str) -> None:
        operation = Operation("send", user, self._group.id, client_id, text)
        self._history.operations.append(operation)
        await self._produce(builders.sent(self._group.id, user, text, client_id))
        message_id = ids.message_id(self._group.id, user, client_id)
        operation.attempts.append(Attempt("", Status.OK, message_id))

    async def _produce(self, event: Event) -> None:
        """Retry until Kafka confirms. The event may be in the log more than once; the fold is idempotent."""
        topic, key = Topics.with_prefix("").events, self._group.id.encode()
        partition = partition_for(key, PARTITIONS)
        while True:
            try:
                await (await self._producer.send(topic, partition, key, codec.encode(event), codec.HEADERS))
            except Unconfirmed:
                await asyncio.sleep(0.2)
            else:
                return
