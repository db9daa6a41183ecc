"""A group, made and changed by events produced directly: there are no routes for groups yet."""

import asyncio
import itertools
import random
from dataclasses import dataclass

from shared.contract import codec, ids
from shared.contract.events import Event
from shared.kafka import Producer, Unconfirmed, partition_for
from shared.log.topics import Topics
from tests import builders
from tests.faults.ledger import Answer, Ledger, Operation, Status
from tests.faults.population import Talk


@dataclass(frozen=True)
class Backstage:
    """What no client can reach."""

    kafka: str
    database: str
    topic_prefix: str = ""
    partitions: int = 12


class Group:
    def __init__(self, talk: Talk, backstage: Backstage, producer: Producer, ledger: Ledger) -> None:
        self._talk = talk
        self._backstage = backstage
        self._producer = producer
        self._ledger = ledger

    async def start(self) -> None:
        """Without its last member, who says something all the same."""
        conversation, (*members, last) = self._talk.conversation, self._talk.members
        await self._change(builders.started(conversation, members, title="group"))
        await self._say(last, f"{last} comes too early", "early")

    async def come_and_go(self, dice: random.Random, pause: float) -> None:
        """Until cancelled: the last two members leave and come back, about every `pause` seconds, and say
        something as they do, over a gateway that has not heard of it."""
        conversation, (first, *_) = self._talk.conversation, self._talk.members
        for number in itertools.count():
            await asyncio.sleep(dice.expovariate(1 / pause))
            change = dice.choice((builders.added, builders.removed))
            user = dice.choice(self._talk.members[-2:])
            await self._change(change(conversation, first, user))
            await self._say(user, f"{user} comes or goes {number}", f"g{number}")

    async def _change(self, event: Event) -> None:
        self._ledger.produced[event.id] = self._talk.conversation
        await self._happen(event)

    async def _say(self, user: str, text: str, client_id: str) -> None:
        conversation = self._talk.conversation
        operation = Operation("send", user, conversation, client_id, text)
        self._ledger.operations.append(operation)
        await self._happen(builders.sent(conversation, user, text, client_id))
        identity = ids.message_id(conversation, user, client_id)
        operation.answers.append(Answer("", Status.OK, identity))

    async def _happen(self, event: Event) -> None:
        """Returns once it is confirmed. It may land more than once: then it changes nothing."""
        topic, key = Topics.with_prefix(self._backstage.topic_prefix).events, self._talk.conversation.encode()
        partition = partition_for(key, self._backstage.partitions)
        while True:
            try:
                await (await self._producer.send(topic, partition, key, codec.encode(event), codec.HEADERS))
            except Unconfirmed:
                await asyncio.sleep(0.2)
            else:
                return
