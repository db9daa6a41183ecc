"""Bugs of the notifier."""

import itertools
from collections.abc import Iterable

from notifier.live.dispatch_entry import DispatchEntry
from notifier.live.dispatcher import Dispatcher
from notifier.live.subscriptions import L, Subscriptions


def audience_ignored() -> None:
    """Everybody is told of everything."""

    def links_for(self: Subscriptions[L], _: Iterable[str]) -> dict[L, list[str]]:
        return {link: sorted(users) for link, users in self._users.items() if users}

    Subscriptions.links_for = links_for  # type: ignore[method-assign, assignment]


def drops_some() -> None:
    """Now and then an entry is passed over in silence."""
    usual, numbers = Dispatcher.dispatch, itertools.count()

    def dispatch(self: Dispatcher, partition: int, entry: DispatchEntry) -> None:
        if next(numbers) % 20 == 19:
            self.skip(partition, entry.offset)
        else:
            usual(self, partition, entry)

    Dispatcher.dispatch = dispatch  # type: ignore[method-assign]
