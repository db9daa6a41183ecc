"""All notifiers together: who owns which partition, who knows of which user, what was told, what was not.

What a notifier says before it acknowledged everybody who is here was dispatched without them in force. It is
not taken. Whatever was not taken or left out shows as a gap, and is asked for again; when it is too late for
that, the sockets catch up through the store.
"""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Protocol

import aiohttp
import structlog

from gateway import metrics
from gateway.notifiers.link import Link
from gateway.notifiers.link_protocol import Acknowledged, Entry, Gap, Owns, Progress, Stretch, Told
from gateway.notifiers.offset_tracker import Stretches, Taken
from gateway.notifiers.subscriptions import Interest
from gateway.settings import Address

log = structlog.get_logger()

_RESOLVE_EVERY = 5.0


class Listener(Protocol):
    def dispatch(self, entry: Entry) -> None: ...

    def interrupt(self) -> None:
        """Something was left out, nobody knows for whom. What is dispatched from now on comes after it."""


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
                self._acknowledged(link, what.batch)
                self._settle()
            case Owns():
                self._owns(link, what)
                self._settle()
            case Gap():
                self._lost(what)
            case None:
                self._settle()  # it may have been the last that was waited for

    def _entry(self, link: Link, entry: Entry) -> None:
        """Counts once it was dispatched: who catches up because that failed does so from before it."""
        metrics.entries.inc()
        try:
            if link.begun and self._is_news(entry):
                self._listener.dispatch(entry)
        except Exception:
            self._interrupt()  # some may have it, some not
            raise
        finally:
            self._take(link, Stretch(entry.partition, entry.after, entry.up_to, entry.covers))

    def _is_news(self, entry: Entry) -> bool:
        """Nothing before it was left out, it was not told before, and no publisher repeats itself."""
        taken = self._stretches.look(entry.partition, entry.after, entry.up_to)
        return taken is Taken.NEXT and entry.covers > self._stretches.covers(entry.partition)

    def _take(self, link: Link, stretch: Stretch) -> None:
        if not link.begun:
            return
        if self._stretches.take(*stretch) is Taken.GAP:
            self._ask(link, [stretch.partition])
        else:
            link.answered(stretch.partition)
            self._stretches.mark_current(stretch.partition, asyncio.get_running_loop().time())

    def _ask(self, link: Link, partitions: Iterable[int]) -> None:
        link.ask({partition: self._stretches.offsets[partition] for partition in partitions})

    def _acknowledged(self, link: Link, batch: int) -> None:
        before = link.begun
        if link.announcements is not None:
            link.announcements.acknowledge(batch)
        if link.begun and not before:
            self._ask(link, link.owned)  # what it said until now was not taken

    def _owns(self, link: Link, owns: Owns) -> None:
        self._count = self._stretches.partitions = owns.total
        link.owns(frozenset(owns.partitions))
        for partition, (at, covers) in owns.partitions.items():
            if self._stretches.begin(partition, at, covers) is Taken.GAP and link.begun:
                self._ask(link, [partition])

    def _lost(self, gap: Gap) -> None:
        """Those places it is too late to tell again."""
        self._interrupt()
        for partition, (at, covers) in gap.partitions.items():
            self._stretches.skip_to(partition, at, covers)
        log.warning("link.gap", partitions=sorted(gap.partitions))

    def _interrupt(self) -> None:
        metrics.gaps.inc()
        self._listener.interrupt()

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
            link = Link(address, self._gateway, self._interest, self.told)
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
