"""Bugs of the notifier."""

import itertools
from collections.abc import Iterable

from notifier.live.interest import Interest, L
from notifier.live.notice import Notice
from notifier.live.switchboard import Switchboard


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
