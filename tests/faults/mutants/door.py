"""Bugs of the gateway; and a fault of its links, which alone is none."""

import asyncio
from collections.abc import Awaitable

from gateway.commands.event_producer import EventLog
from gateway.commands.membership_cache import Membership
from gateway.notifiers.link import NotifierLink
from gateway.notifiers.offset_tracker import Delivery, OffsetTracker
from gateway.notifiers.subscriptions import UserSubscriptions
from gateway.store.client import Unavailable
from gateway.websocket.registry import Sockets
from gateway.websocket.session import Session
from shared.contract import cursor
from shared.contract.events import ConversationEvent, MessageSent
from shared.contract.frames import CursorFrame
from shared.contract.position import Position
from shared.http.problems import not_found
from shared.internal.link_protocol import LinkEntry
from shared.kafka import partition_for

_LATE = 0.3


def register_after_catch_up() -> None:
    """Notifiers hear of a socket's user only when what was missed has been shown."""
    add, remove, registered, catch_up = (
        UserSubscriptions.add,
        UserSubscriptions.remove,
        Session._registered,
        Session._catch_up,
    )

    async def at_once(self: Session) -> bool:
        self._socket.registered = True
        return True

    async def then_register(self: Session) -> None:
        await catch_up(self)
        await asyncio.sleep(_LATE)
        add(self._door.links._user_subscriptions, self._socket.user)
        await registered(self)

    def known(self: UserSubscriptions, user: str) -> None:
        if self.users[user] > 0:
            remove(self, user)

    UserSubscriptions.add = lambda *_: None  # type: ignore[method-assign]
    UserSubscriptions.remove = known  # type: ignore[method-assign]
    Session._registered = at_once  # type: ignore[method-assign]
    Session._catch_up = then_register  # type: ignore[method-assign]


def unsure_is_no() -> None:
    """Whoever cannot be asked about is taken for a stranger."""

    async def require(self: Membership, user: str, conversation: str, *, charge: bool = True) -> None:
        try:
            member = (await self._store.membership(user, conversation)).member
        except Unavailable:
            member = False
        if not member:
            not_found()

    Membership.require = require  # type: ignore[method-assign]


def everybody_may_write() -> None:
    """The fold would refuse it: nobody is asked before."""

    async def require(self: Membership, user: str, conversation: str, *, charge: bool = True) -> None: ...

    Membership.require = require  # type: ignore[method-assign]


def accepted_unconfirmed() -> None:
    """Accepted is said at once; the log is asked in a moment."""
    usual = EventLog.append

    def append(self: EventLog, event: ConversationEvent) -> Awaitable[Position]:
        async def later() -> None:
            await asyncio.sleep(_LATE)
            await usual(self, event)

        writing.add(task := asyncio.create_task(later()))
        task.add_done_callback(writing.discard)
        return _guessed(self, event)

    writing: set[asyncio.Task[None]] = set()
    EventLog.append = append  # type: ignore[method-assign]


async def _guessed(log: EventLog, event: ConversationEvent) -> Position:
    assert log.identity is not None
    partition = partition_for(event.subject.encode(), log.identity.partitions)
    return Position(log.identity.epoch, partition, (await log.ends())[partition])


def text_changed() -> None:
    """What somebody says is not quite what they said."""
    usual = EventLog.append

    def append(self: EventLog, event: ConversationEvent) -> Awaitable[Position]:
        if isinstance(event, MessageSent):
            content = event.data.content.model_copy(update={"text": event.data.content.text + "!"})
            event = event.model_copy(update={"data": event.data.model_copy(update={"content": content})})
        return usual(self, event)

    EventLog.append = append  # type: ignore[method-assign]


def told_twice() -> None:
    """Each entry is shown twice."""
    usual = Sockets.dispatch

    def dispatch(self: Sockets, entry: LinkEntry) -> None:
        usual(self, entry)
        usual(self, entry)

    Sockets.dispatch = dispatch  # type: ignore[method-assign]


def cursor_ahead() -> None:
    """A cursor that is said from time to time covers one more than was sent."""

    def say(self: Session) -> None:
        if at := self._socket._place():
            ahead = cursor.encode(at.epoch, self._socket.user, [offset + 1 for offset in at.offsets])
            self._socket.put(CursorFrame(cursor=ahead))

    Session._say_cursor = say  # type: ignore[method-assign]


def links_break() -> None:
    """No bug: each link to a notifier is lost again and again."""
    usual = NotifierLink._read

    async def read(self: NotifierLink, socket: object) -> None:
        async with asyncio.timeout(0.7):
            await usual(self, socket)  # type: ignore[arg-type]

    NotifierLink._read = read  # type: ignore[method-assign]


def gap_ignored() -> None:
    """What was left out before a stretch is not missed."""

    def advance(self: OffsetTracker, partition: int, start: int, end: int, source_offset: int) -> Delivery:
        known = self.next_offsets.get(partition, start)
        self.skip_to(partition, end, source_offset)
        return Delivery.NEXT if end > known else Delivery.DUPLICATE

    OffsetTracker.advance = advance  # type: ignore[method-assign]
