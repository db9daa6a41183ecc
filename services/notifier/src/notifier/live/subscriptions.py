"""Who has sockets where: which users each link has announced."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

L = TypeVar("L", bound=Hashable)


class Interest(Generic[L]):
    def __init__(self) -> None:
        self._links: dict[str, set[L]] = defaultdict(set)
        self._users: dict[L, set[str]] = defaultdict(set)

    def announce(self, link: L, users: Iterable[str]) -> None:
        for user in users:
            self._links[user].add(link)
            self._users[link].add(user)

    def withdraw(self, link: L, users: Iterable[str]) -> None:
        for user in users:
            self._users[link].discard(user)
            holders = self._links.get(user, set())
            holders.discard(link)
            if not holders:
                self._links.pop(user, None)

    def drop(self, link: L) -> None:
        """The link is gone."""
        self.withdraw(link, tuple(self._users[link]))
        del self._users[link]

    def holders(self, audience: Iterable[str]) -> dict[L, list[str]]:
        """Per link that has announced any of `audience`, which; in the order of `audience`."""
        found: dict[L, list[str]] = defaultdict(list)
        for user in audience:
            for link in self._links.get(user, ()):
                found[link].append(user)
        return found
