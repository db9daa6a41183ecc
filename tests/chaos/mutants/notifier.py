"""Bugs of the notifier."""

import itertools
from collections.abc import Iterable

from notifier.live.dispatch_entry import Notice
from notifier.live.dispatcher import Switchboard
from notifier.live.subscriptions import Interest, L
from tests.chaos.mutants.registry import mutant, replaces


@mutant
def audience_ignored() -> None:
    """Every entry is dispatched to every subscribed user."""

    def holders(self: Interest[L], _: Iterable[str]) -> dict[L, list[str]]:
        return {link: sorted(users) for link, users in self._users.items() if users}

    Interest.holders = holders  # type: ignore[method-assign, assignment]


@mutant
def drops_some() -> None:
    """Now and then an entry is skipped silently."""
    dispatch, numbers = Switchboard.tell, itertools.count()

    @replaces(dispatch)
    def _tell(self: Switchboard, partition: int, notice: Notice) -> None:
        if next(numbers) % 20 == 19:
            self.skip(partition, notice.offset)
        else:
            dispatch(self, partition, notice)
