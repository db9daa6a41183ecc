"""Who there is and who talks to whom: the same for the same seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from shared import ids


@dataclass(frozen=True)
class Talk:
    conversation: str
    members: Sequence[str]
    group: bool = False


@dataclass(frozen=True)
class Population:
    users: Sequence[str]
    directs: Sequence[Talk]
    group: Talk
    """Its members are those who are in it at some time; the last two come and go."""

    @classmethod
    def of(cls, seed: int, name: str, count: int) -> "Population":
        """`name` keeps apart what runs on one system; every user has two direct conversations."""
        users = [f"{name}-{number:02}" for number in range(count)]
        turned = [*users[1:], users[0]]
        directs = [Talk(ids.direct_conversation_id(a, b), (a, b)) for a, b in zip(users, turned, strict=True)]
        members = random.Random(seed).sample(users, min(6, count))
        return cls(users, directs, Talk(ids.group_conversation_id(members[0], name), members, group=True))

    def of_user(self, user: str) -> list[Talk]:
        return [talk for talk in self.directs if user in talk.members]
