"""Bugs of the notifier."""

import itertools
from collections.abc import Iterable

from notifier.live.dispatch_entry import Notice
from notifier.live.dispatcher import Switchboard
from notifier.live.subscriptions import Interest, L


def audience_ignored() -> None:
    """Everybody is told of everything."""

    def holders(self: Interest[L], _: Iterable[str]) -> dict[L, list[str]]:
        return {link: sorted(users) for link, users in self._users.items() if users}

    Interest.holders = holders  # type: ignore[method-assign, assignment]


def drops_some() -> None:
    """Now and then an entry is passed over in silence."""
    usual, numbers = Switchboard.tell, itertools.count()

    def tell(self: Switchboard, partition: int, notice: Notice) -> None:
        if next(numbers) % 20 == 19:
            self.skip(partition, notice.offset)
        else:
            usual(self, partition, notice)

    Switchboard.tell = tell  # type: ignore[method-assign]
