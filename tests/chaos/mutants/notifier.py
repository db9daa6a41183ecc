"""Bugs of the notifier."""

import itertools
from collections.abc import Iterable

from notifier.live.dispatch_entry import DispatchEntry
from notifier.live.dispatcher import Dispatcher
from notifier.live.subscriptions import L, Subscriptions
from tests.chaos.mutants.registry import mutant, replaces


@mutant
def audience_ignored() -> None:
    """Every entry is dispatched to every subscribed user."""

    def links_for(self: Subscriptions[L], _: Iterable[str]) -> dict[L, list[str]]:
        return {link: sorted(users) for link, users in self._users.items() if users}

    Subscriptions.links_for = links_for  # type: ignore[method-assign, assignment]


@mutant
def drops_some() -> None:
    """Now and then an entry is skipped silently."""
    dispatch, numbers = Dispatcher.dispatch, itertools.count()

    @replaces(dispatch)
    def _dispatch(self: Dispatcher, partition: int, entry: DispatchEntry) -> None:
        if next(numbers) % 20 == 19:
            self.skip(partition, entry.offset)
        else:
            dispatch(self, partition, entry)
