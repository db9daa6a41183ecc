"""Which users have connections here, and which of them each notifier has acknowledged.

A user is active at a notifier once the batch that subscribed them is acknowledged. Changes collect while the
link is busy and go out as one batch each way: a thousand connections are a few messages.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

from shared.internal.link_protocol import Subscribe, Unsubscribe

_MAX_BATCH_USERS = 500
"""At 128 characters each that stays below the usual megabyte of a WebSocket message."""


class UserSubscriptions:
    """The users with connections to this gateway, counted, and the links that have to know."""

    def __init__(self) -> None:
        self.users: Counter[str] = Counter()
        """Connections by user."""
        self._links: set[LinkSubscriptions] = set()

    def add(self, user: str) -> None:
        """Count one more connection of the user."""
        self.users[user] += 1
        if self.users[user] == 1:
            self._mark_dirty(user)

    def remove(self, user: str) -> None:
        """Count one connection less."""
        self.users[user] -= 1
        if self.users[user] == 0:
            del self.users[user]
            self._mark_dirty(user)

    def open_link(self) -> "LinkSubscriptions":
        """Subscriptions for a new link; `close_link` them when it is lost."""
        link_subscriptions = LinkSubscriptions(self.users)
        self._links.add(link_subscriptions)
        return link_subscriptions

    def close_link(self, link_subscriptions: "LinkSubscriptions") -> None:
        self._links.discard(link_subscriptions)

    def _mark_dirty(self, user: str) -> None:
        for link_subscriptions in self._links:
            link_subscriptions.mark_dirty(user)


class LinkSubscriptions:
    """What one connected notifier was sent and has acknowledged."""

    def __init__(self, users: Counter[str]) -> None:
        self.changed = asyncio.Event()
        """Set when the link has something to send."""
        self._users = users
        self._dirty = set(users)
        self._required: set[str] = set()
        self._batch_by_user: dict[str, int] = {}
        self._last_batch = self._first_batch = self._acknowledged_batch = 0
        self.changed.set()

    @property
    def is_ready(self) -> bool:
        """Whether every user present when the link was opened, and every required one, is active."""
        return 0 < self._first_batch <= self._acknowledged_batch and not self._required

    def is_active(self, user: str) -> bool:
        return 0 < self._batch_by_user.get(user, 0) <= self._acknowledged_batch

    def require_all(self) -> None:
        """Be ready again only when every user present now is active."""
        self._required = {user for user in self._users if not self.is_active(user)}

    def mark_dirty(self, user: str) -> None:
        """The user's first connection came, or the last one went."""
        self._dirty.add(user)
        if user not in self._users:
            self._required.discard(user)
        self.changed.set()

    def acknowledge(self, batch: int) -> None:
        """The notifier has put this batch in force, and all before it."""
        self._acknowledged_batch = max(batch, self._acknowledged_batch)
        self._required = {user for user in self._required if not self.is_active(user)}

    def take_batches(self) -> list[Subscribe | Unsubscribe]:
        """The messages to send now. The first time there is at least one, if need be without users."""
        self.changed.clear()
        dirty, self._dirty = self._dirty, set()
        added = [user for user in dirty if user in self._users and user not in self._batch_by_user]
        removed = [user for user in dirty if user not in self._users and user in self._batch_by_user]
        batches: list[Subscribe | Unsubscribe] = []
        for users in _chunks(added) if added or self._first_batch else [[]]:
            batches.append(Subscribe(self._next_batch(), users))
            self._batch_by_user.update(dict.fromkeys(users, self._last_batch))
        self._first_batch = self._first_batch or self._last_batch
        for users in _chunks(removed):
            batches.append(Unsubscribe(self._next_batch(), users))
        for user in removed:
            del self._batch_by_user[user]
        return batches

    def _next_batch(self) -> int:
        self._last_batch += 1
        return self._last_batch


def _chunks(users: Sequence[str]) -> list[Sequence[str]]:
    return [users[start : start + _MAX_BATCH_USERS] for start in range(0, len(users), _MAX_BATCH_USERS)]
