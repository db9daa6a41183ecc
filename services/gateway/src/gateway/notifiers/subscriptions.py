"""Which users have sockets here, and what each notifier knows of it.

A user is in force at a notifier once the batch that announced them was acknowledged. Changes are collected
while the link is busy and said as one batch each way: a thousand sockets are a few texts.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

_MAX_BATCH_USERS = (
    500  # users; at 128 characters each that stays below the usual megabyte of a WebSocket message
)


class SubscriptionBatch(NamedTuple):
    kind: Literal["announce", "withdraw"]
    batch: int
    users: Sequence[str]


class UserSubscriptions:
    """How many sockets each user has here."""

    def __init__(self) -> None:
        self.users: Counter[str] = Counter()
        self._links: set[LinkSubscriptions] = set()

    def add(self, user: str) -> None:
        self.users[user] += 1
        if self.users[user] == 1:
            self._mark_dirty(user)

    def remove(self, user: str) -> None:
        self.users[user] -= 1
        if self.users[user] == 0:
            del self.users[user]
            self._mark_dirty(user)

    def open_link(self) -> "LinkSubscriptions":
        """For a new link; `forget` them when it breaks."""
        link_subscriptions = LinkSubscriptions(self.users)
        self._links.add(link_subscriptions)
        return link_subscriptions

    def close_link(self, link_subscriptions: "LinkSubscriptions") -> None:
        self._links.discard(link_subscriptions)

    def _mark_dirty(self, user: str) -> None:
        for link_subscriptions in self._links:
            link_subscriptions.mark_dirty(user)


class LinkSubscriptions:
    """What one connected notifier was told and has acknowledged."""

    def __init__(self, users: Counter[str]) -> None:
        self.changed = asyncio.Event()
        self._users = users
        self._dirty = set(users)
        self._required: set[str] = set()
        self._batch_by_user: dict[str, int] = {}
        self._last_batch = self._first_batch = self._acknowledged_batch = 0
        self.changed.set()

    @property
    def is_ready(self) -> bool:
        """Everybody who was here when the link was made, and who is required, is in force there."""
        return 0 < self._first_batch <= self._acknowledged_batch and not self._required

    def is_active(self, user: str) -> bool:
        return 0 < self._batch_by_user.get(user, 0) <= self._acknowledged_batch

    def require_all(self) -> None:
        """Until everybody who is here now is in force, it has not begun."""
        self._required = {user for user in self._users if not self.is_active(user)}

    def mark_dirty(self, user: str) -> None:
        self._dirty.add(user)
        if user not in self._users:
            self._required.discard(user)
        self.changed.set()

    def acknowledge(self, batch: int) -> None:
        self._acknowledged_batch = max(batch, self._acknowledged_batch)
        self._required = {user for user in self._required if not self.is_active(user)}

    def next_batches(self) -> list[SubscriptionBatch]:
        """What is to be said now; the first time something, if need be of nobody."""
        self.changed.clear()
        dirty, self._dirty = self._dirty, set()
        added = [user for user in dirty if user in self._users and user not in self._batch_by_user]
        removed = [user for user in dirty if user not in self._users and user in self._batch_by_user]
        for user in removed:
            del self._batch_by_user[user]
        batches = self._batches("announce", added)
        if not self._first_batch:
            batches = batches or [self._new_batch("announce", [])]
            self._first_batch = self._last_batch
        return batches + self._batches("withdraw", removed)

    def _batches(self, kind: Literal["announce", "withdraw"], users: list[str]) -> list[SubscriptionBatch]:
        return [
            self._new_batch(kind, users[start : start + _MAX_BATCH_USERS])
            for start in range(0, len(users), _MAX_BATCH_USERS)
        ]

    def _new_batch(self, kind: Literal["announce", "withdraw"], users: Sequence[str]) -> SubscriptionBatch:
        self._last_batch += 1
        if kind == "announce":
            self._batch_by_user.update(dict.fromkeys(users, self._last_batch))
        return SubscriptionBatch(kind, self._last_batch, users)
