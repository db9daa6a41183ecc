"""May this user write here? Checked before anything is produced; what counts is the fold's answer.

Members are remembered for as long as notifiers tell of every change, an answer either way for a second. Load
never lets anybody in: an answer that does not come in time is 503 for that caller. Only while the store is
away, writes are let through, a few of each user (`Unchecked`).
"""

import asyncio
from weakref import WeakValueDictionary

from cachetools import TTLCache

from gateway.commands.membership_budget import UncheckedWriteBudget
from gateway.notifiers.offset_tracker import Stretches
from gateway.store.client import Away, StorePort, Unavailable
from shared.http.problems import Problem, not_found

_MAX_LOOKUPS_PER_USER = 4  # of one user at a time
_LOOKUP_TIMEOUT_SECONDS = 0.9  # seconds, the wait for one's turn included: Kafka is to be waited for yet
_ANSWER_TTL_SECONDS = 1.0  # seconds


class _Lookup:
    """To the store, about one conversation, for as long as somebody waits for the answer."""

    is_stale = False
    """Its members changed meanwhile: the answer may be older."""


class MembershipCache:
    def __init__(
        self, store: StorePort, stretches: Stretches, *, conversations: int = 50_000, seconds: float = 300
    ) -> None:
        self._store = store
        self._stretches = stretches
        self._write_budget = UncheckedWriteBudget()
        self._members: TTLCache[str, set[str]] = TTLCache(conversations, seconds)
        self._recent_answers: TTLCache[str, dict[str, bool]] = TTLCache(conversations, _ANSWER_TTL_SECONDS)
        self._lookups: WeakValueDictionary[str, _Lookup] = WeakValueDictionary()
        self._lookup_slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def require(self, user: str, conversation: str, *, charge: bool = True) -> None:
        """Raises Problem: `not_found` for who is no member, `unavailable` when that cannot be found out now.
        Without `charge` a write that is let through unchecked costs the user nothing."""
        member = self._cached(user, conversation)
        if member is None:
            member = await self._look_up(user, conversation)
        if member is False:
            not_found()
        if member is None and charge:
            self._write_budget.spend(user)

    def add(self, conversation: str, *users: str) -> None:
        """They are members now."""
        self._members.setdefault(conversation, set()).update(users)
        self._recent_answers.setdefault(conversation, {}).update(dict.fromkeys(users, True))

    def invalidate(self, conversation: str) -> None:
        """Its members changed."""
        if (question := self._lookups.pop(conversation, None)) is not None:
            question.is_stale = True
        self._members.pop(conversation, None)
        self._recent_answers.pop(conversation, None)

    def invalidate_all(self) -> None:
        """Those of any conversation may have changed."""
        for question in self._lookups.values():
            question.is_stale = True
        self._lookups.clear()
        self._members.clear()
        self._recent_answers.clear()

    def _cached(self, user: str, conversation: str) -> bool | None:
        """None when the store has to be asked. While its notifier is not heard of, a conversation may have
        changed: then a yes holds for a second and a no not at all."""
        current = self._is_current(conversation)
        if current and user in self._members.get(conversation, ()):
            return True
        answer = self._recent_answers.get(conversation, {}).get(user)
        return answer if answer or current else None

    async def _look_up(self, user: str, conversation: str) -> bool | None:
        """None when nobody can say. Raises Problem when the answer does not come in time."""
        turn = self._lookup_slots.setdefault(user, asyncio.Semaphore(_MAX_LOOKUPS_PER_USER))
        try:
            async with asyncio.timeout(_LOOKUP_TIMEOUT_SECONDS), turn:
                member = self._cached(user, conversation)  # somebody asked the same meanwhile
                if member is not None or self._write_budget.is_open:
                    return member
                return await self._query_store(user, conversation)
        except Away as away:
            self._write_budget.open(str(away))
            return None
        except (Unavailable, TimeoutError):
            raise Problem("unavailable", "membership cannot be checked in time; try again") from None

    async def _query_store(self, user: str, conversation: str) -> bool | None:
        """The store's. None when it is behind what notifiers told, and does not know: its read models are
        being made anew, or another database took over."""
        question = self._lookups.setdefault(conversation, _Lookup())
        told, current = self._stretches.told(), self._is_current(conversation)
        member, at = await self._store.membership(user, conversation)
        self._write_budget.close()
        if at.lacks(told):
            return member or None
        if not question.is_stale:  # else the answer may be older than the change
            self._recent_answers.setdefault(conversation, {})[user] = member
            if member and current:  # else what came between the answer and the first link would be missed
                self._members.setdefault(conversation, set()).add(user)
        return member

    def _is_current(self, conversation: str) -> bool:
        return self._stretches.is_current(conversation, asyncio.get_running_loop().time())
