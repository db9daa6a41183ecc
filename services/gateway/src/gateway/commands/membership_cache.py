"""May this user write here? Checked before anything is produced; what counts is the fold's answer.

Members are remembered for as long as notifiers tell of every change, an answer either way for a second. Load
never lets anybody in: an answer that does not come in time is 503 for that caller. Only while the store is
away, writes are let through, a few of each user (`Unchecked`).
"""

import asyncio
from weakref import WeakValueDictionary

from cachetools import TTLCache

from gateway.commands.membership_budget import Unchecked
from gateway.notifiers.offset_tracker import OffsetTracker
from gateway.store.client import StoreAway, StorePort, StoreUnavailable
from shared.http.problems import Problem, not_found

_QUESTIONS = 4  # of one user at a time
_ANSWERED_WITHIN = 0.9  # seconds, the wait for one's turn included: Kafka is to be waited for yet
_ANSWER_LIFE = 1.0  # seconds


class _Question:
    """To the store, about one conversation, for as long as somebody waits for the answer."""

    outdated = False
    """Its members changed meanwhile: the answer may be older."""


class Membership:
    def __init__(
        self,
        store: StorePort,
        offset_tracker: OffsetTracker,
        *,
        conversations: int = 50_000,
        seconds: float = 300,
    ) -> None:
        self._store = store
        self._offset_tracker = offset_tracker
        self._unchecked = Unchecked()
        self._members: TTLCache[str, set[str]] = TTLCache(conversations, seconds)
        self._answers: TTLCache[str, dict[str, bool]] = TTLCache(conversations, _ANSWER_LIFE)
        self._questions: WeakValueDictionary[str, _Question] = WeakValueDictionary()
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def require(self, user: str, conversation: str, *, charge: bool = True) -> None:
        """Raises Problem: `not_found` for who is no member, `unavailable` when that cannot be found out now.
        Without `charge` a write that is let through unchecked costs the user nothing."""
        member = self._known(user, conversation)
        if member is None:
            member = await self._ask(user, conversation)
        if member is False:
            not_found()
        if member is None and charge:
            self._unchecked.admit(user)

    def remember(self, conversation: str, *users: str) -> None:
        """They are members now."""
        self._members.setdefault(conversation, set()).update(users)
        self._answers.setdefault(conversation, {}).update(dict.fromkeys(users, True))

    def forget(self, conversation: str) -> None:
        """Its members changed."""
        if (question := self._questions.pop(conversation, None)) is not None:
            question.outdated = True
        self._members.pop(conversation, None)
        self._answers.pop(conversation, None)

    def forget_all(self) -> None:
        """Those of any conversation may have changed."""
        for question in self._questions.values():
            question.outdated = True
        self._questions.clear()
        self._members.clear()
        self._answers.clear()

    def _known(self, user: str, conversation: str) -> bool | None:
        """None when the store has to be asked. While its notifier is not heard of, a conversation may have
        changed: then a yes holds for a second and a no not at all."""
        current = self._is_current(conversation)
        if current and user in self._members.get(conversation, ()):
            return True
        answer = self._answers.get(conversation, {}).get(user)
        return answer if answer or current else None

    async def _ask(self, user: str, conversation: str) -> bool | None:
        """None when nobody can say. Raises Problem when the answer does not come in time."""
        turn = self._turns.setdefault(user, asyncio.Semaphore(_QUESTIONS))
        try:
            async with asyncio.timeout(_ANSWERED_WITHIN), turn:
                member = self._known(user, conversation)  # somebody asked the same meanwhile
                if member is not None or self._unchecked.open:
                    return member
                return await self._answer(user, conversation)
        except StoreAway as away:
            self._unchecked.begin(str(away))
            return None
        except (StoreUnavailable, TimeoutError):
            raise Problem("unavailable", "membership cannot be checked in time; try again") from None

    async def _answer(self, user: str, conversation: str) -> bool | None:
        """The store's. None when it is behind what notifiers told, and does not know: its read models are
        being made anew, or another database took over."""
        question = self._questions.setdefault(conversation, _Question())
        told, current = self._offset_tracker.source_offsets(), self._is_current(conversation)
        member, at = await self._store.membership(user, conversation)
        self._unchecked.end()
        if at.is_behind(told):
            return member or None
        if not question.outdated:  # else the answer may be older than the change
            self._answers.setdefault(conversation, {})[user] = member
            if member and current:  # else what came between the answer and the first link would be missed
                self._members.setdefault(conversation, set()).add(user)
        return member

    def _is_current(self, conversation: str) -> bool:
        return self._offset_tracker.is_current(conversation, asyncio.get_running_loop().time())
