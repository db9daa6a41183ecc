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
from gateway.notifiers.link import NotifierLink
from gateway.notifiers.link_protocol import (
    Acknowledged,
    Gap,
    LinkEntry,
    NotifierMessage,
    OffsetRange,
    PartitionsAssigned,
    Progress,
)
from gateway.notifiers.offset_tracker import Delivery, OffsetTracker
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.settings import Address

log = structlog.get_logger()

_RESOLVE_INTERVAL_SECONDS = 5.0


class EntryReceiver(Protocol):
    def dispatch(self, entry: LinkEntry) -> None: ...

    def resync_all(self) -> None:
        """Something was left out, nobody knows for whom. What is dispatched from now on comes after it."""


class LinkPool:
    def __init__(
        self,
        addresses: Sequence[Address],
        gateway: str,
        user_subscriptions: UserSubscriptions,
        offset_tracker: OffsetTracker,
        receiver: EntryReceiver,
    ) -> None:
        self._addresses = addresses
        self._gateway = gateway
        self._user_subscriptions = user_subscriptions
        self._offset_tracker = offset_tracker
        self._receiver = receiver
        self._links: dict[Address, NotifierLink] = {}
        self._tasks: dict[Address, asyncio.Task[None]] = {}
        self._partition_count = 0
        self._waiting: dict[asyncio.Future[None], str] = {}

    @property
    def is_ready(self) -> bool:
        """Every partition has an owner that knows who is here."""
        owners = self._owners()
        return self._has_every_partition(owners) and all(link.is_ready for link in owners)

    def is_active(self, user: str) -> bool:
        """Whatever happens from now on for this user will be told."""
        owners = self._owners()
        return self._has_every_partition(owners) and all(
            link.subscriptions is not None and link.subscriptions.is_active(user) for link in owners
        )

    async def wait_until_active(self, user: str) -> None:
        """Returns once `user` is in force at every owner; set a deadline."""
        while not self.is_active(user):  # looked at again: a partition may have passed on before we woke up
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[future] = user
            try:
                await future
            finally:
                del self._waiting[future]

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Until cancelled: a link to every address that the notifiers' names stand for."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close_all)
            while True:
                await self._update_links(session, await self._resolve_all())
                await asyncio.sleep(_RESOLVE_INTERVAL_SECONDS)

    def on_message(self, link: NotifierLink, message: NotifierMessage | None) -> None:
        match message:
            case LinkEntry():
                self._on_entry(link, message)
            case Progress():
                for offset_range in message.ranges:
                    self._advance(link, offset_range)
            case Acknowledged():
                self._on_acknowledged(link, message.batch)
                self._wake_waiters()
            case PartitionsAssigned():
                self._on_assigned(link, message)
                self._wake_waiters()
            case Gap():
                self._on_gap(message)
            case None:
                self._wake_waiters()  # it may have been the last that was waited for

    def _on_entry(self, link: NotifierLink, entry: LinkEntry) -> None:
        """Counts once it was dispatched: who catches up because that failed does so from before it."""
        metrics.entries.inc()
        try:
            if link.is_ready and self._is_new(entry):
                self._receiver.dispatch(entry)
        except Exception:
            self._resync_all()  # some may have it, some not
            raise
        finally:
            self._advance(link, OffsetRange(entry.partition, entry.start, entry.end, entry.source_offset))

    def _is_new(self, entry: LinkEntry) -> bool:
        """Nothing before it was left out, it was not told before, and no publisher repeats itself."""
        delivery = self._offset_tracker.classify(entry.partition, entry.start, entry.end)
        return delivery is Delivery.NEXT and entry.source_offset > self._offset_tracker.source_offset(
            entry.partition
        )

    def _advance(self, link: NotifierLink, offset_range: OffsetRange) -> None:
        if not link.is_ready:
            return
        if self._offset_tracker.advance(*offset_range) is Delivery.GAP:
            self._request_replay(link, [offset_range.partition])
        else:
            link.replay_answered(offset_range.partition)
            self._offset_tracker.mark_current(offset_range.partition, asyncio.get_running_loop().time())

    def _request_replay(self, link: NotifierLink, partitions: Iterable[int]) -> None:
        link.request_replay(
            {partition: self._offset_tracker.next_offsets[partition] for partition in partitions}
        )

    def _on_acknowledged(self, link: NotifierLink, batch: int) -> None:
        was_ready = link.is_ready
        if link.subscriptions is not None:
            link.subscriptions.acknowledge(batch)
        if link.is_ready and not was_ready:
            self._request_replay(link, link.partitions)  # what it said until now was not taken

    def _on_assigned(self, link: NotifierLink, assigned: PartitionsAssigned) -> None:
        self._partition_count = self._offset_tracker.partition_count = assigned.partition_count
        link.assign(frozenset(assigned.partitions))
        for partition, (next_offset, source_offset) in assigned.partitions.items():
            if (
                self._offset_tracker.assign(partition, next_offset, source_offset) is Delivery.GAP
                and link.is_ready
            ):
                self._request_replay(link, [partition])

    def _on_gap(self, gap: Gap) -> None:
        """Those places it is too late to tell again."""
        self._resync_all()
        for partition, (next_offset, source_offset) in gap.partitions.items():
            self._offset_tracker.skip_to(partition, next_offset, source_offset)
        log.warning("link.gap", partitions=sorted(gap.partitions))

    def _resync_all(self) -> None:
        metrics.gaps.inc()
        self._receiver.resync_all()

    def _wake_waiters(self) -> None:
        for future, user in self._waiting.items():
            if not future.done() and self.is_active(user):
                future.set_result(None)

    def _owners(self) -> list[NotifierLink]:
        return [link for link in self._links.values() if link.partitions]

    def _has_every_partition(self, owners: list[NotifierLink]) -> bool:
        return 0 < self._partition_count == len(frozenset[int]().union(*(link.partitions for link in owners)))

    async def _resolve_all(self) -> set[Address]:
        resolved = [await _resolve(address) for address in self._addresses]
        return set[Address]().union(*resolved)

    async def _update_links(self, session: aiohttp.ClientSession, addresses: set[Address]) -> None:
        for address in addresses - self._links.keys():
            link = NotifierLink(address, self._gateway, self._user_subscriptions, self.on_message)
            self._links[address] = link
            self._tasks[address] = asyncio.create_task(link.run(session))
        for address in self._links.keys() - addresses:
            if self._links[address].subscriptions is None:  # what still talks is kept until it stops
                await self._close(address)

    async def _close_all(self) -> None:
        for address in list(self._links):
            await self._close(address)

    async def _close(self, address: Address) -> None:
        del self._links[address]
        task = self._tasks.pop(address)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _resolve(address: Address) -> set[Address]:
    """IPv4 where there is any: a notifier that has addresses of both kinds is one."""
    loop = asyncio.get_running_loop()
    try:
        resolved = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    families = {info[0] for info in resolved}
    family = socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
    return {Address(str(info[4][0]), address.port) for info in resolved if info[0] == family}
