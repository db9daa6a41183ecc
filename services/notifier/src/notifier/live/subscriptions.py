"""Which users each link has subscribed."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

L = TypeVar("L", bound=Hashable)


class Subscriptions(Generic[L]):
    def __init__(self) -> None:
        self._links: dict[str, set[L]] = defaultdict(set)
        self._users: dict[L, set[str]] = defaultdict(set)

    def subscribe(self, link: L, users: Iterable[str]) -> None:
        for user in users:
            self._links[user].add(link)
            self._users[link].add(user)

    def unsubscribe(self, link: L, users: Iterable[str]) -> None:
        """Users that are not subscribed are ignored."""
        for user in users:
            self._users[link].discard(user)
            links = self._links.get(user, set())
            links.discard(link)
            if not links:
                self._links.pop(user, None)

    def remove_link(self, link: L) -> None:
        """Remove the link with all its subscriptions."""
        self.unsubscribe(link, tuple(self._users[link]))
        del self._users[link]

    def links_for(self, audience: Iterable[str]) -> dict[L, list[str]]:
        """Per link that subscribed any of `audience`, which users, in the order of `audience`."""
        users_by_link: dict[L, list[str]] = defaultdict(list)
        for user in audience:
            for link in self._links.get(user, ()):
                users_by_link[link].append(user)
        return users_by_link
