"""Bugs of the gateway; and a fault of its links, which is no bug."""

import asyncio
from collections.abc import Awaitable

from gateway.commands.event_producer import EventProducer
from gateway.commands.membership_cache import MembershipCache
from gateway.notifiers.link import NotifierLink
from gateway.notifiers.offset_tracker import Delivery, OffsetTracker
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.store.client import StoreUnavailable
from gateway.websocket.registry import ConnectionRegistry
from gateway.websocket.session import Session
from shared.contract import cursor
from shared.contract.events import AggregateEvent, MessageSent
from shared.contract.frames import CursorFrame
from shared.contract.position import Position
from shared.http.problems import not_found
from shared.internal.link_protocol import LinkEntry
from shared.kafka import partition_for
from tests.chaos.mutants.registry import mutant, replaces

_DELAY = 0.3


@mutant
def register_after_catch_up() -> None:
    """A connection's user is subscribed only after catching up."""
    add, remove, registered, catch_up = (
        UserSubscriptions.add,
        UserSubscriptions.remove,
        Session._subscribe,
        Session._catch_up,
    )

    @replaces(registered)
    async def _subscribe(self: Session) -> bool:
        self._connection.subscribed()
        return True

    @replaces(catch_up)
    async def _catch_up(self: Session) -> None:
        await catch_up(self)
        await asyncio.sleep(_DELAY)
        add(self._context.links._user_subscriptions, self._connection.user)
        await registered(self)

    @replaces(remove)
    def _remove(self: UserSubscriptions, user: str) -> None:
        if self.users[user] > 0:
            remove(self, user)

    replaces(add)(lambda *_: None)


@mutant
def unsure_is_no() -> None:
    """A user whose membership cannot be checked is refused."""

    @replaces(MembershipCache.require)
    async def _require(self: MembershipCache, user: str, conversation: str) -> None:
        try:
            member = (await self._store.membership(user, conversation)).is_member
        except StoreUnavailable:
            member = False
        if not member:
            not_found()


@mutant
def everybody_may_write() -> None:
    """MembershipCache is left to the fold, which would reject the event."""

    @replaces(MembershipCache.require)
    async def _require(self: MembershipCache, user: str, conversation: str) -> None: ...


@mutant
def accepted_unconfirmed() -> None:
    """A send is accepted at once, and appended to the log a moment later."""
    append = EventProducer.append
    appending: set[asyncio.Task[None]] = set()

    @replaces(append)
    def _append(self: EventProducer, event: AggregateEvent) -> Awaitable[Position]:
        async def append_later() -> None:
            await asyncio.sleep(_DELAY)
            await append(self, event)

        appending.add(task := asyncio.create_task(append_later()))
        task.add_done_callback(appending.discard)
        return _guess_position(self, event)


async def _guess_position(log: EventProducer, event: AggregateEvent) -> Position:
    assert log.identity is not None
    partition = partition_for(event.subject.encode(), log.identity.partitions)
    return Position(log.identity.epoch, partition, (await log.ends())[partition])


@mutant
def text_changed() -> None:
    """A message's text is not quite the one that was sent."""
    append = EventProducer.append

    @replaces(append)
    def _append(self: EventProducer, event: AggregateEvent) -> Awaitable[Position]:
        if isinstance(event, MessageSent):
            content = event.data.content.model_copy(update={"text": event.data.content.text + "!"})
            event = event.model_copy(update={"data": event.data.model_copy(update={"content": content})})
        return append(self, event)


@mutant
def delivered_twice() -> None:
    """Each entry is dispatched twice."""
    dispatch = ConnectionRegistry.dispatch

    @replaces(dispatch)
    def _dispatch(self: ConnectionRegistry, entry: LinkEntry) -> None:
        dispatch(self, entry)
        dispatch(self, entry)


@mutant
def cursor_ahead() -> None:
    """A live cursor covers one offset more than was sent."""

    @replaces(Session._send_cursor)
    def _send_cursor(self: Session) -> None:
        if at := self._connection._offsets():
            ahead = cursor.encode(at.epoch, self._connection.user, [offset + 1 for offset in at.offsets])
            self._connection.put(CursorFrame(cursor=ahead))


@mutant
def links_break() -> None:
    """No bug: each link to a notifier is lost again and again."""
    listen = NotifierLink._read

    @replaces(listen)
    async def _listen(self: NotifierLink, socket: object) -> None:
        async with asyncio.timeout(0.7):
            await listen(self, socket)  # type: ignore[arg-type]


@mutant
def gap_ignored() -> None:
    """A gap before a range of offsets is not noticed."""

    @replaces(OffsetTracker.advance)
    def _advance(self: OffsetTracker, partition: int, start: int, end: int, source_offset: int) -> Delivery:
        known = self.next_offsets.get(partition, start)
        self.skip_to(partition, end, source_offset)
        return Delivery.NEXT if end > known else Delivery.DUPLICATE
