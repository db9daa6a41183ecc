"""May this user write here? Asked before anything is produced; what counts is the fold's answer."""

import asyncio

from cachetools import TTLCache

from gateway.store import StorePort, Unavailable
from gateway.stretches import Stretches

_PATIENCE = 1.0  # seconds in which a store that was away is not asked again: sends must not queue up for it


class Membership:
    """Remembers who is a member, never who is not."""

    def __init__(
        self, store: StorePort, stretches: Stretches, *, conversations: int = 50_000, seconds: float = 300
    ) -> None:
        self._store = store
        self._stretches = stretches
        self._members: TTLCache[str, set[str]] = TTLCache(conversations, seconds)
        self._forgotten = 0
        self._away_until = 0.0

    async def allows(self, user: str, conversation: str) -> bool:
        """False is definite. While the store is away, or behind what notifiers told, nobody is refused: the
        fold will do it."""
        if user in self._members.get(conversation, ()):
            return True
        now = asyncio.get_running_loop().time()
        if now < self._away_until:
            return True
        forgotten, told = self._forgotten, self._stretches.told()
        try:
            member, at = await self._store.membership(user, conversation)
        except Unavailable:
            self._away_until = asyncio.get_running_loop().time() + _PATIENCE
            return True
        if member and forgotten == self._forgotten:  # else the answer may be older than the change
            self.remember(conversation, user)
        return member or at.lacks(told)

    def remember(self, conversation: str, *users: str) -> None:
        self._members.setdefault(conversation, set()).update(users)

    def forget(self, conversation: str) -> None:
        """Its members changed."""
        self._forgotten += 1
        self._members.pop(conversation, None)

    def forget_all(self) -> None:
        """Somebody's may have changed."""
        self._forgotten += 1
        self._members.clear()
