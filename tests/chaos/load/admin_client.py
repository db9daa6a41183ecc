"""A group, made and changed by events produced directly: there are no routes for groups yet."""

import asyncio
import itertools
import random
from dataclasses import dataclass

from shared import codec, ids
from shared.events import Event
from shared.kafka import Producer, Unconfirmed, partition_for
from shared.topics import Topics
from tests import builders
from tests.chaos.checker.history import Attempt, History, Operation, Status
from tests.chaos.load.population import Conversation


@dataclass(frozen=True)
class Backend:
    """What no client can reach."""

    kafka: str
    database: str
    topic_prefix: str = ""
    partitions: int = 12


class GroupAdmin:
    def __init__(self, talk: Conversation, backend: Backend, producer: Producer, history: History) -> None:
        self._talk = talk
        self._backstage = backend
        self._producer = producer
        self._history = history

    async def start(self) -> None:
        """Without its last member, who says something all the same."""
        conversation, (*members, last) = self._talk.conversation, self._talk.members
        await self._change(builders.started(conversation, members, title="group"))
        await self._say(last, f"{last} comes too early", "early")

    async def come_and_go(self, rng: random.Random, pause: float) -> None:
        """Until cancelled: the last two members leave and come back, about every `pause` seconds, and say
        something as they do, over a gateway that has not heard of it."""
        conversation, (first, *_) = self._talk.conversation, self._talk.members
        for number in itertools.count():
            await asyncio.sleep(rng.expovariate(1 / pause))
            change = rng.choice((builders.added, builders.removed))
            user = rng.choice(self._talk.members[-2:])
            await self._change(change(conversation, first, user))
            await self._say(user, f"{user} comes or goes {number}", f"g{number}")

    async def _change(self, event: Event) -> None:
        self._history.produced[event.id] = self._talk.conversation
        await self._happen(event)

    async def _say(self, user: str, text: str, client_id: str) -> None:
        conversation = self._talk.conversation
        operation = Operation("send", user, conversation, client_id, text)
        self._history.operations.append(operation)
        await self._happen(builders.sent(conversation, user, text, client_id))
        identity = ids.message_id(conversation, user, client_id)
        operation.answers.append(Attempt("", Status.OK, identity))

    async def _happen(self, event: Event) -> None:
        """Returns once it is confirmed. It may land more than once: then it changes nothing."""
        topic, key = Topics.named(self._backstage.topic_prefix).events, self._talk.conversation.encode()
        partition = partition_for(key, self._backstage.partitions)
        while True:
            try:
                await (await self._producer.send(topic, partition, key, codec.encode(event), codec.HEADERS))
            except Unconfirmed:
                await asyncio.sleep(0.2)
            else:
                return
