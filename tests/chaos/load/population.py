"""Who exists and who shares a conversation with whom: the same for the same seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, starmap

from shared.contract import ids
from shared.kafka import partition_for

PARTITIONS = 12
"""Of the log."""


@dataclass(frozen=True)
class Conversation:
    id: str
    members: Sequence[str]

    @property
    def partition(self) -> int:
        return partition_for(self.id.encode(), PARTITIONS)


@dataclass(frozen=True)
class Population:
    users: Sequence[str]
    directs: Sequence[Conversation]
    group: Conversation
    """With everyone who is a member at some time; the last two leave and return."""

    @classmethod
    def of(cls, seed: int, name: str, count: int) -> "Population":
        """`name` separates populations on one system. Every user has two direct conversations or more; with
        enough users there is one in each partition of the log."""
        users = [f"{name}-{number:02}" for number in range(count)]
        directs = [_direct(a, b) for a, b in zip(users, [*users[1:], users[0]], strict=True)]
        directs += _in_missing_partitions(users, directs)
        members = random.Random(seed).sample(users, min(6, count))
        return cls(users, directs, Conversation(ids.group_conversation_id(members[0], name), members))

    def directs_of(self, user: str) -> list[Conversation]:
        return [direct for direct in self.directs if user in direct.members]


def _direct(a: str, b: str) -> Conversation:
    return Conversation(ids.direct_conversation_id(a, b), (a, b))


def _in_missing_partitions(users: Sequence[str], directs: Sequence[Conversation]) -> Iterator[Conversation]:
    missing = set(range(PARTITIONS)) - {direct.partition for direct in directs}
    for direct in starmap(_direct, combinations(users, 2)):
        if direct.partition in missing:
            missing.remove(direct.partition)
            yield direct
