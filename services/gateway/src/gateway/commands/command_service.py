"""What users do becomes events: here they get their identity and time, and go into the log."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple, TypedDict

import structlog

from gateway import metrics
from gateway.commands.event_producer import EventProducer
from gateway.commands.membership_cache import MembershipCache
from shared.contract import events, ids
from shared.contract.fields import timestamp
from shared.contract.position import Position
from shared.kafka import Unconfirmed

log = structlog.get_logger()


_count = cache(metrics.produced.labels)


class _Envelope(TypedDict):
    id: str
    source: str
    subject: str
    time: str
    actor: str


class PendingMessage(NamedTuple):
    """A message in line for the log. It is accepted once `position` was awaited."""

    message_id: str
    position: Awaitable[Position]


class CommandService:
    """Calls that returned in order are written in order, if they concern one conversation. Everything here
    raises Unconfirmed when the log does not take the event, and Problem for who is no member (404), or when
    that cannot be found out (503)."""

    def __init__(
        self,
        log: EventProducer,
        membership: MembershipCache,
        source: str,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._log = log
        self._membership = membership
        self._source = source
        self._now = now or (lambda: datetime.now(UTC))

    async def send_message(
        self, user: str, conversation: str, text: str, client_id: str | None
    ) -> PendingMessage:
        await self._membership.require(user, conversation)
        message_id = ids.message_id(conversation, user, client_id)
        data = events.MessageSentData(
            conversation_id=conversation,
            message_id=message_id,
            client_id=client_id,
            content=events.TextContent(text=text),
        )
        event = events.MessageSent(**self._envelope(user, conversation), data=data)
        return PendingMessage(message_id, self._append(event))

    async def mark_read(
        self, user: str, conversation: str, up_to: int, *, charge: bool = True
    ) -> Awaitable[Position]:
        """`charge`: as `Membership.require` takes it."""
        await self._membership.require(user, conversation, charge=charge)
        data = events.ReadMovedData(conversation_id=conversation, up_to=up_to)
        return self._append(events.ReadMoved(**self._envelope(user, conversation), data=data))

    async def start_direct(self, user: str, peer: str) -> Awaitable[Position]:
        conversation = ids.direct_conversation_id(user, peer)
        data = events.ConversationStartedData(
            conversation_id=conversation, kind="direct", members=[user, peer]
        )
        return self._append(events.ConversationStarted(**self._envelope(user, conversation), data=data))

    def _envelope(self, actor: str, conversation: str) -> _Envelope:
        return {
            "id": ids.fresh_id(),
            "source": self._source,
            "subject": conversation,
            "time": timestamp(self._now()),
            "actor": actor,
        }

    def _append(self, event: events.ConversationEvent) -> Awaitable[Position]:
        try:
            return _confirmed(event, self._log.append(event))
        except Unconfirmed:
            _unconfirmed(event)
            raise


async def _confirmed(event: events.ConversationEvent, confirmed: Awaitable[Position]) -> Position:
    try:
        position = await confirmed
    except Unconfirmed:
        _unconfirmed(event)
        raise
    _count(event.type, "confirmed").inc()
    log.debug("event.confirmed", event_id=event.id, partition=position.partition, offset=position.offset)
    return position


def _unconfirmed(event: events.ConversationEvent) -> None:
    """It may have landed all the same: what the log says of its id tells."""
    _count(event.type, "unconfirmed").inc()
    log.info("event.unconfirmed", event_id=event.id, type=event.type)
