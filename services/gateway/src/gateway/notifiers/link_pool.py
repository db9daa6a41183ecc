"""All links together: which notifier owns which partition, which users are active there, what was delivered.

Entries that a notifier dispatched before it acknowledged every user of this gateway are not delivered.
Whatever was dropped or lost shows as a gap, and its replay is requested; when it is too late for that, the
connections catch up through the store.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Protocol

import aiohttp
import structlog

from gateway import metrics
from gateway.notifiers.link import NotifierLink
from gateway.notifiers.offset_tracker import Delivery, OffsetTracker
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.settings import Address
from shared.internal.link_protocol import (
    Acknowledged,
    Gap,
    LinkEntry,
    NotifierMessage,
    OffsetRange,
    PartitionsAssigned,
    Progress,
    Revocation,
)

log = structlog.get_logger()

_RESOLVE_INTERVAL_SECONDS = 5.0


class EntryReceiver(Protocol):
    def dispatch(self, entry: LinkEntry) -> None:
        """Deliver the entry to the connections of its users."""
        ...

    def resync_all(self) -> None:
        """Entries were lost, for unknown users. Entries dispatched from now on come after them."""
        ...


class RevocationReceiver(Protocol):
    def revoke(self, user: str, revoked_at: str) -> None:
        """The user's tokens issued up to `revoked_at` (RFC 3339) are no longer accepted."""
        ...

    def reload(self) -> None:
        """Revocations may have been lost: load them again."""
        ...


class LinkPool:
    def __init__(
        self,
        *,
        addresses: Sequence[Address],
        gateway: str,
        user_subscriptions: UserSubscriptions,
        offset_tracker: OffsetTracker,
        receiver: EntryReceiver,
        revocations: RevocationReceiver,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`addresses`: each may resolve to several notifiers; `gateway`: this gateway's id. With `tls` each
        notifier must prove the name that it was given by."""
        self._addresses = addresses
        self._gateway = gateway
        self._user_subscriptions = user_subscriptions
        self._offset_tracker = offset_tracker
        self._receiver = receiver
        self._tls = tls
        self._names: dict[Address, str] = {}
        """The configured name of each resolved address."""
        self._revocations = revocations
        self._links: dict[Address, NotifierLink] = {}
        self._tasks: dict[Address, asyncio.Task[None]] = {}
        self._partition_count = 0
        self._waiters: dict[asyncio.Future[None], str] = {}

    @property
    def is_ready(self) -> bool:
        """Whether every partition has an owner, and every owner has this gateway's users in force."""
        owners = self._owners()
        return self._has_every_partition(owners) and all(link.is_ready for link in owners)

    def is_active(self, user: str) -> bool:
        """Whether every entry for this user that is read from now on will arrive, or show as a gap."""
        owners = self._owners()
        return self._has_every_partition(owners) and all(
            link.subscriptions is not None and link.subscriptions.is_active(user) for link in owners
        )

    async def wait_until_active(self, user: str) -> None:
        """Return once `user` is active at every owner. Without a timeout of its own: set one."""
        while not self.is_active(user):  # checked again: a partition may have moved before this task ran
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters[waiter] = user
            try:
                await waiter
            finally:
                del self._waiters[waiter]

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Keep a link to every notifier that the addresses resolve to, until cancelled."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close_all)
            while True:
                await self._update_links(session, await self._resolve_all())
                await asyncio.sleep(_RESOLVE_INTERVAL_SECONDS)

    def on_message(self, link: NotifierLink, message: NotifierMessage) -> None:
        match message:
            case LinkEntry() | Revocation():
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

    def on_disconnect(self) -> None:
        self._revocations.reload()
        self._wake_waiters()  # the link lost may have been the last to wait for

    def _on_entry(self, link: NotifierLink, entry: LinkEntry | Revocation) -> None:
        """Dispatch a new entry, then count it: a resync that a failed dispatch causes starts before the
        entry."""
        metrics.entries.inc()
        try:
            if link.is_ready and self._is_new(entry):
                self._deliver(entry)
        except Exception:
            self._resync_all()  # some connections may have it, some not
            raise
        finally:
            self._advance(link, OffsetRange(entry.partition, entry.start, entry.end, entry.source_offset))

    def _deliver(self, entry: LinkEntry | Revocation) -> None:
        if isinstance(entry, Revocation):
            self._revocations.revoke(entry.user, entry.revoked_at)
        else:
            self._receiver.dispatch(entry)

    def _is_new(self, entry: LinkEntry | Revocation) -> bool:
        """Whether it is in sequence, and not an event that a publisher repeated."""
        tracker = self._offset_tracker
        if tracker.classify(entry.partition, entry.start, entry.end) is not Delivery.NEXT:
            return False
        return entry.source_offset > tracker.source_offset(entry.partition)

    def _advance(self, link: NotifierLink, offset_range: OffsetRange) -> None:
        if not link.is_ready:
            return
        if self._offset_tracker.advance(*offset_range) is Delivery.GAP:
            self._request_replay(link, [offset_range.partition])
        else:
            link.end_replay(offset_range.partition)
            self._offset_tracker.mark_current(offset_range.partition, asyncio.get_running_loop().time())

    def _request_replay(self, link: NotifierLink, partitions: Iterable[int]) -> None:
        link.request_replay({p: self._offset_tracker.next_offsets[p] for p in partitions})

    def _on_acknowledged(self, link: NotifierLink, batch: int) -> None:
        was_ready = link.is_ready
        if link.subscriptions is not None:
            link.subscriptions.acknowledge(batch)
        if link.is_ready and not was_ready:
            self._request_replay(link, link.partitions)  # what it sent until now was dropped

    def _on_assigned(self, link: NotifierLink, assigned: PartitionsAssigned) -> None:
        self._partition_count = self._offset_tracker.partition_count = assigned.partition_count
        link.assign(frozenset(assigned.partitions))
        for partition, offsets in assigned.partitions.items():
            delivery = self._offset_tracker.assign(partition, *offsets)
            if delivery is Delivery.GAP and link.is_ready:
                self._request_replay(link, [partition])

    def _on_gap(self, gap: Gap) -> None:
        self._resync_all()
        for partition, offsets in gap.partitions.items():
            self._offset_tracker.skip_to(partition, *offsets)
        log.warning("link.gap", partitions=sorted(gap.partitions))

    def _resync_all(self) -> None:
        metrics.gaps.inc()
        self._receiver.resync_all()
        self._revocations.reload()

    def _wake_waiters(self) -> None:
        for waiter, user in self._waiters.items():
            if not waiter.done() and self.is_active(user):
                waiter.set_result(None)

    def _owners(self) -> list[NotifierLink]:
        return [link for link in self._links.values() if link.partitions]

    def _has_every_partition(self, owners: list[NotifierLink]) -> bool:
        return 0 < self._partition_count == len(frozenset[int]().union(*(link.partitions for link in owners)))

    async def _resolve_all(self) -> set[Address]:
        names = {resolved: name.host for name in self._addresses for resolved in await _resolve(name)}
        self._names |= names
        return set(names)

    async def _update_links(self, session: aiohttp.ClientSession, addresses: set[Address]) -> None:
        for address in addresses - self._links.keys():
            link = self._new_link(address)
            self._links[address] = link
            self._tasks[address] = asyncio.create_task(link.run(session))
        for address in self._links.keys() - addresses:
            if not self._links[address].is_connected:  # one that still works is kept until it is lost
                await self._close(address)

    def _new_link(self, address: Address) -> NotifierLink:
        return NotifierLink(
            address,
            self._gateway,
            self._user_subscriptions,
            on_message=self.on_message,
            on_disconnect=self.on_disconnect,
            tls=self._tls,
            server_name=self._names.get(address, address.host),
        )

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
    """IPv4 addresses where there are any: a notifier with addresses of both families is one."""
    loop = asyncio.get_running_loop()
    try:
        resolved = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    families = {info[0] for info in resolved}
    family = socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
    return {Address(str(info[4][0]), address.port) for info in resolved if info[0] == family}
