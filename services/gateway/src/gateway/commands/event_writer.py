"""Gives an event its id, source and time, and appends it to the log."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from typing import TypedDict

import structlog

from gateway import metrics
from gateway.commands.event_producer import EventProducer
from shared.contract import ids
from shared.contract.events import AggregateEvent
from shared.contract.fields import timestamp
from shared.contract.position import Position
from shared.kafka import Unconfirmed

log = structlog.get_logger()

_count = cache(metrics.produced.labels)


class Envelope(TypedDict):
    id: str
    source: str
    subject: str
    time: str
    actor: str


class EventWriter:
    def __init__(
        self, producer: EventProducer, source: str, now: Callable[[], datetime] | None = None
    ) -> None:
        self._producer = producer
        self._source = source
        self._now = now or (lambda: datetime.now(UTC))

    def envelope(self, actor: str, key: str) -> Envelope:
        """Return the fields that all events have in common: everything but `type` and `data`. `key`: of the
        event's aggregate."""
        return {
            "id": ids.fresh_id(),
            "source": self._source,
            "subject": key,
            "time": timestamp(self._now()),
            "actor": actor,
        }

    def append(self, event: AggregateEvent) -> Awaitable[Position]:
        """Enqueue: events of one aggregate are written in the order of these calls. Await the result for
        the confirmation. Both steps raise Unconfirmed."""
        try:
            return _confirmed(event, self._producer.append(event))
        except Unconfirmed:
            _count_unconfirmed(event)
            raise


async def _confirmed(event: AggregateEvent, confirmation: Awaitable[Position]) -> Position:
    try:
        position = await confirmation
    except Unconfirmed:
        _count_unconfirmed(event)
        raise
    _count(event.type, "confirmed").inc()
    metrics.confirm_delay.observe_since((event.time,))
    log.debug("event.confirmed", event_id=event.id, partition=position.partition, offset=position.offset)
    return position


def _count_unconfirmed(event: AggregateEvent) -> None:
    """It may have been written all the same: search the log for its id."""
    _count(event.type, "unconfirmed").inc()
    log.info("event.unconfirmed", event_id=event.id, type=event.type)
