"""How much of one user is in progress at a time."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from weakref import WeakValueDictionary


class UserSlots:
    """At most `limit` holders for each user; 0: any number."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._by_user: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        """Of users with a holder or waiter: each keeps a reference."""

    def is_full(self, user: str) -> bool:
        """Whether the next holder would have to wait."""
        semaphore = self._by_user.get(user)
        return semaphore is not None and semaphore.locked()

    def slot(self, user: str) -> AbstractAsyncContextManager[object]:
        """Hold a slot within the block; entering waits, in order, until one is free."""
        if not self._limit:
            return nullcontext()
        semaphore = self._by_user.get(user)
        if semaphore is None:
            semaphore = self._by_user[user] = asyncio.Semaphore(self._limit)
        return semaphore
