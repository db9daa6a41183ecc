"""Who there is and who talks to whom: the same for the same seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, starmap

from shared.contract import ids
from shared.kafka import partition_for

PARTITIONS = 12
"""Of the log."""


@dataclass(frozen=True)
class Talk:
    conversation: str
    members: Sequence[str]
    group: bool = False

    @property
    def partition(self) -> int:
        return partition_for(self.conversation.encode(), PARTITIONS)


@dataclass(frozen=True)
class Population:
    users: Sequence[str]
    directs: Sequence[Talk]
    group: Talk
    """Its members are those who are in it at some time; the last two come and go."""

    @classmethod
    def of(cls, seed: int, name: str, count: int) -> "Population":
        """`name` keeps apart what runs on one system. Every user has two direct conversations or more; as far
        as there are users enough, some are in each partition of the log."""
        users = [f"{name}-{number:02}" for number in range(count)]
        directs = [_talk(a, b) for a, b in zip(users, [*users[1:], users[0]], strict=True)]
        directs += _elsewhere(users, directs)
        members = random.Random(seed).sample(users, min(6, count))
        return cls(users, directs, Talk(ids.group_conversation_id(members[0], name), members, group=True))

    def of_user(self, user: str) -> list[Talk]:
        return [talk for talk in self.directs if user in talk.members]


def _talk(a: str, b: str) -> Talk:
    return Talk(ids.direct_conversation_id(a, b), (a, b))


def _elsewhere(users: Sequence[str], directs: Sequence[Talk]) -> Iterator[Talk]:
    """One more in each partition that has none of these."""
    missing = set(range(PARTITIONS)) - {talk.partition for talk in directs}
    for talk in starmap(_talk, combinations(users, 2)):
        if talk.partition in missing:
            missing.remove(talk.partition)
            yield talk
