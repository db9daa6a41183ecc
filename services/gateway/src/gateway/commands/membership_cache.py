"""Checks, before an event is produced, that its user is a member of the conversation; the fold decides
finally.

Members are cached while the notifiers deliver every change of the conversation, and every answer of the
store for a second. A check that takes too long is answered 503; only while the store is away do writes pass
without a check, a few of each user (`unchecked_writes`).
"""

import asyncio
from weakref import WeakValueDictionary

from cachetools import TTLCache

from gateway.commands.unchecked_writes import UncheckedWriteBudget
from gateway.limits.user_slots import UserSlots
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.store.client import StoreAway, StorePort, StoreUnavailable
from shared.http.problems import Problem, not_found

_LOOKUP_TIMEOUT_SECONDS = 0.9  # with the wait for a slot; short, the Kafka round trip still follows
_ANSWER_TTL_SECONDS = 1.0


class _Lookup:
    """Queries of the store about one conversation, while any is in flight."""

    is_stale = False
    """The members changed meanwhile: the answer may be older."""


class MembershipCache:
    def __init__(
        self,
        store: StorePort,
        tracker: OffsetTracker,
        lookup_slots: UserSlots | None = None,
        *,
        conversations: int = 50_000,
        seconds: float = 300,
    ) -> None:
        """`lookup_slots`: the lookups of one user that may be in flight; 4 by default."""
        self._store = store
        self._tracker = tracker
        self._write_budget = UncheckedWriteBudget()
        self._members: TTLCache[str, set[str]] = TTLCache(conversations, seconds)
        self._recent_answers: TTLCache[str, dict[str, bool]] = TTLCache(conversations, _ANSWER_TTL_SECONDS)
        self._lookups: WeakValueDictionary[str, _Lookup] = WeakValueDictionary()
        self._lookup_slots = lookup_slots or UserSlots(4)

    async def require(self, user: str, conversation: str) -> None:
        """Raises Problem: `not_found` for a non-member, `unavailable` when that cannot be checked now."""
        member = self._cached(user, conversation)
        if member is None:
            member = await self._look_up(user, conversation)
        if member is False:
            not_found()
        if member is None:
            self._write_budget.spend(user)

    def add(self, conversation: str, *users: str) -> None:
        """Cache that the users are members."""
        self._members.setdefault(conversation, set()).update(users)
        self._recent_answers.setdefault(conversation, {}).update(dict.fromkeys(users, True))

    def invalidate(self, conversation: str) -> None:
        """Forget a conversation whose members changed."""
        if (lookup := self._lookups.pop(conversation, None)) is not None:
            lookup.is_stale = True
        self._members.pop(conversation, None)
        self._recent_answers.pop(conversation, None)

    def invalidate_all(self) -> None:
        """Forget every conversation: the members of any may have changed."""
        for lookup in self._lookups.values():
            lookup.is_stale = True
        self._lookups.clear()
        self._members.clear()
        self._recent_answers.clear()

    def _cached(self, user: str, conversation: str) -> bool | None:
        """None when the store must be queried. If the conversation's partition is not current, its members
        may have changed unnoticed: a recent yes is then used for one second, a no is not used."""
        current = self._is_current(conversation)
        if current and user in self._members.get(conversation, ()):
            return True
        answer = self._recent_answers.get(conversation, {}).get(user)
        return answer if answer or current else None

    async def _look_up(self, user: str, conversation: str) -> bool | None:
        """None when it cannot be checked. Raises Problem when the answer does not arrive in time."""
        try:
            async with asyncio.timeout(_LOOKUP_TIMEOUT_SECONDS), self._lookup_slots.slot(user):
                member = self._cached(user, conversation)  # the same lookup may have ended meanwhile
                if member is not None or self._write_budget.is_open:
                    return member
                return await self._query_store(user, conversation)
        except StoreAway as away:
            self._write_budget.open(str(away))
            return None
        except (StoreUnavailable, TimeoutError):
            raise Problem("unavailable", "membership cannot be checked in time; try again") from None

    async def _query_store(self, user: str, conversation: str) -> bool | None:
        """Return the store's answer. None for a no of a store that is behind the notifiers: its read models
        are being rebuilt, or another database took over."""
        lookup = self._lookups.setdefault(conversation, _Lookup())
        watermarks, current = self._tracker.source_offsets(), self._is_current(conversation)
        member, progress = await self._store.membership(user, conversation)
        self._write_budget.close()
        if progress.is_behind(watermarks):
            return member or None
        if not lookup.is_stale:  # else the answer may be older than the change
            self._recent_answers.setdefault(conversation, {})[user] = member
            if member and current:  # else a change between the answer and the first link would be missed
                self._members.setdefault(conversation, set()).add(user)
        return member

    def _is_current(self, conversation: str) -> bool:
        return self._tracker.is_current(conversation, asyncio.get_running_loop().time())
