"""Which users have sockets here, and what each notifier knows of it.

A user is in force at a notifier once the batch that announced them was acknowledged. Changes are collected
while the link is busy and said as one batch each way: a thousand sockets are a few texts.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

_BATCH = 500  # users; at 128 characters each that stays below the usual megabyte of a WebSocket message


class Said(NamedTuple):
    kind: Literal["announce", "withdraw"]
    batch: int
    users: Sequence[str]


class Interest:
    """How many sockets each user has here."""

    def __init__(self) -> None:
        self.users: Counter[str] = Counter()
        self._told: set[Announcements] = set()

    def add(self, user: str) -> None:
        self.users[user] += 1
        if self.users[user] == 1:
            self._touch(user)

    def remove(self, user: str) -> None:
        self.users[user] -= 1
        if self.users[user] == 0:
            del self.users[user]
            self._touch(user)

    def announcements(self) -> "Announcements":
        """For a new link; `forget` them when it breaks."""
        made = Announcements(self.users)
        self._told.add(made)
        return made

    def forget(self, announcements: "Announcements") -> None:
        self._told.discard(announcements)

    def _touch(self, user: str) -> None:
        for announcements in self._told:
            announcements.touch(user)


class Announcements:
    """What one connected notifier was told and has acknowledged."""

    def __init__(self, wanted: Counter[str]) -> None:
        self.changed = asyncio.Event()
        self._wanted = wanted
        self._touched = set(wanted)
        self._required: set[str] = set()
        self._batch_of: dict[str, int] = {}
        self._batch = self._first = self._acknowledged = 0
        self.changed.set()

    @property
    def begun(self) -> bool:
        """Everybody who was here when the link was made, and who is required, is in force there."""
        return 0 < self._first <= self._acknowledged and not self._required

    def in_force(self, user: str) -> bool:
        return 0 < self._batch_of.get(user, 0) <= self._acknowledged

    def require_all(self) -> None:
        """Until everybody who is here now is in force, it has not begun."""
        self._required = {user for user in self._wanted if not self.in_force(user)}

    def touch(self, user: str) -> None:
        self._touched.add(user)
        if user not in self._wanted:
            self._required.discard(user)
        self.changed.set()

    def acknowledge(self, batch: int) -> None:
        self._acknowledged = max(batch, self._acknowledged)
        self._required = {user for user in self._required if not self.in_force(user)}

    def next(self) -> list[Said]:
        """What is to be said now; the first time something, if need be of nobody."""
        self.changed.clear()
        touched, self._touched = self._touched, set()
        new = [user for user in touched if user in self._wanted and user not in self._batch_of]
        gone = [user for user in touched if user not in self._wanted and user in self._batch_of]
        for user in gone:
            del self._batch_of[user]
        said = self._batches("announce", new)
        if not self._first:
            said = said or [self._say("announce", [])]
            self._first = self._batch
        return said + self._batches("withdraw", gone)

    def _batches(self, kind: Literal["announce", "withdraw"], users: list[str]) -> list[Said]:
        return [self._say(kind, users[start : start + _BATCH]) for start in range(0, len(users), _BATCH)]

    def _say(self, kind: Literal["announce", "withdraw"], users: Sequence[str]) -> Said:
        self._batch += 1
        if kind == "announce":
            self._batch_of.update(dict.fromkeys(users, self._batch))
        return Said(kind, self._batch, users)
