"""All notifiers together: who owns which partition, who knows of which user, what was told, what was not.

What a notifier says before it acknowledged the first announcements was dispatched without our users in
force. It is not taken, so that the stretch shows as a gap later if anything happened in it.
"""

import asyncio
import socket
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Protocol

import aiohttp
import structlog

from gateway import metrics
from gateway.interest import Interest
from gateway.link import Link
from gateway.link_messages import Acknowledged, Entry, Owns, Progress, Stretch, Told
from gateway.settings import Address
from gateway.stretches import Stretches, Taken

log = structlog.get_logger()

_RESOLVE_EVERY = 5.0


class Listener(Protocol):
    def dispatch(self, entry: Entry) -> None: ...

    def interrupt(self, users: Collection[str]) -> None:
        """Something may have been left out for them."""


class Links:
    def __init__(
        self,
        addresses: Sequence[Address],
        gateway: str,
        interest: Interest,
        stretches: Stretches,
        listener: Listener,
    ) -> None:
        self._addresses = addresses
        self._gateway = gateway
        self._interest = interest
        self._stretches = stretches
        self._listener = listener
        self._links: dict[Address, Link] = {}
        self._tasks: dict[Address, asyncio.Task[None]] = {}
        self._count = 0
        self._waiting: dict[asyncio.Future[None], str] = {}

    @property
    def ready(self) -> bool:
        """Every partition has an owner that knows who is here."""
        owners = self._owners()
        return self._complete(owners) and all(link.begun for link in owners)

    def in_force(self, user: str) -> bool:
        """Whatever happens from now on for this user will be told."""
        owners = self._owners()
        return self._complete(owners) and all(
            link.announcements is not None and link.announcements.in_force(user) for link in owners
        )

    async def registered(self, user: str) -> None:
        """Returns once `user` is in force at every owner; set a deadline."""
        while not self.in_force(user):  # looked at again: a partition may have passed on before we woke up
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[future] = user
            try:
                await future
            finally:
                del self._waiting[future]

    async def keep(self, session: aiohttp.ClientSession) -> None:
        """Until cancelled: a link to every address that the notifiers' names stand for."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._hang_up)
            while True:
                await self._dial(session, await self._resolved())
                await asyncio.sleep(_RESOLVE_EVERY)

    def told(self, link: Link, what: Told | None) -> None:
        match what:
            case Entry():
                self._entry(link, what)
            case Progress():
                for stretch in what.stretches:
                    self._take(link, stretch)
            case Acknowledged():
                if link.announcements is not None:
                    link.announcements.acknowledge(what.batch)
                self._settle()
            case Owns():
                self._owns(link, what)
                self._settle()
            case None:
                pass

    def _entry(self, link: Link, entry: Entry) -> None:
        metrics.entries.inc()
        stretch = Stretch(entry.partition, entry.after, entry.up_to, entry.covers)
        covered = self._stretches.covers(entry.partition)
        if self._take(link, stretch) and entry.covers > covered:  # else a publisher repeated itself
            self._dispatch(entry)

    def _dispatch(self, entry: Entry) -> None:
        try:
            self._listener.dispatch(entry)
        except Exception:
            self._gap(entry.partition)  # some may have it, some not
            raise

    def _take(self, link: Link, stretch: Stretch) -> bool:
        """Whether it is news."""
        if not link.begun:
            return False
        taken = self._stretches.take(*stretch)
        if taken is Taken.GAP:
            self._gap(stretch.partition)
        return taken is not Taken.KNOWN

    def _owns(self, link: Link, owns: Owns) -> None:
        self._count = owns.total
        if owns.partitions.keys() - link.owned:
            self._excuse_unheard(link)
        link.owned = frozenset(owns.partitions)
        for partition, (at, covers) in owns.partitions.items():
            if self._stretches.begin(partition, at, covers) is Taken.GAP:
                self._gap(partition)

    def _excuse_unheard(self, link: Link) -> None:
        """A new owner may tell of its partitions without those whom it did not acknowledge yet, although
        the owner before knew them. (One that was dialled just now is not taken anyway until it did.)"""
        if link.begun and link.announcements is not None:
            in_force = link.announcements.in_force
            self._listener.interrupt([user for user in self._interest.users if not in_force(user)])

    def _gap(self, partition: int) -> None:
        metrics.gaps.inc()
        log.warning("link.gap", partition=partition)
        self._listener.interrupt(self._interest.users)  # nobody knows for whom it was

    def _settle(self) -> None:
        for future, user in self._waiting.items():
            if not future.done() and self.in_force(user):
                future.set_result(None)

    def _owners(self) -> list[Link]:
        return [link for link in self._links.values() if link.owned]

    def _complete(self, owners: list[Link]) -> bool:
        return 0 < self._count == len(frozenset[int]().union(*(link.owned for link in owners)))

    async def _resolved(self) -> set[Address]:
        found = [await _resolve(address) for address in self._addresses]
        return set[Address]().union(*found)

    async def _dial(self, session: aiohttp.ClientSession, addresses: set[Address]) -> None:
        for address in addresses - self._links.keys():
            link = Link(address, self._gateway, self._interest, self._stretches.offsets, self.told)
            self._links[address] = link
            self._tasks[address] = asyncio.create_task(link.keep(session))
        for address in self._links.keys() - addresses:
            if self._links[address].announcements is None:  # what still talks is kept until it stops
                await self._drop(address)

    async def _hang_up(self) -> None:
        for address in list(self._links):
            await self._drop(address)

    async def _drop(self, address: Address) -> None:
        del self._links[address]
        task = self._tasks.pop(address)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _resolve(address: Address) -> set[Address]:
    """IPv4 where there is any: a notifier that has addresses of both kinds is one."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    families = {info[0] for info in found}
    family = socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
    return {Address(str(info[4][0]), address.port) for info in found if info[0] == family}
