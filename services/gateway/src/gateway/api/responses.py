"""Ready answers, and what becomes of the store's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.responses import Response

from gateway.commands.event_producer import EventLog
from gateway.store.client import StoreResponse, StoreUnavailable, WaitFor
from shared.contract.cursor import Cursor
from shared.contract.position import Position
from shared.http.problems import Problem

CAUGHT_UP_WITHIN = 2.0
"""Seconds that a call waits for the read models to have what it names."""


def json(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")


def passed_on(answer: StoreResponse) -> Response:
    """The store's answer, unread."""
    if answer.is_behind:
        raise Problem("projection_behind", "the read models are not there yet")
    media_type = "application/json" if answer.ok else "application/problem+json"
    return Response(answer.body, answer.status, media_type=media_type)


async def read_models(
    ask: Callable[[WaitFor | None], Awaitable[StoreResponse]],
    events: EventLog,
    position: str | None,
    came_with: Cursor | None = None,
) -> Response:
    """Ask the store; with a `position` or a cursor, once it is past that. Raises Problem."""
    try:
        if position is None and came_with is None:
            return passed_on(await ask(None))
        place = _parsed(position, events) if position is not None else None
        answer = await ask(WaitFor(position, 0))
        if answer.is_behind:
            await _require_written(place, came_with, events)
            answer = await ask(WaitFor(position, CAUGHT_UP_WITHIN))
        return passed_on(answer)
    except StoreUnavailable:
        raise Problem("unavailable", "the read models do not answer") from None


def _parsed(position: str, events: EventLog) -> Position:
    place = Position.parse(position)  # well-formed: the query was checked
    if events.identity is not None and place.epoch != events.identity.epoch:
        raise Problem("cursor_unusable", "position: is of another log")
    return place


async def _require_written(place: Position | None, came_with: Cursor | None, events: EventLog) -> None:
    """Asked only when the store is not there yet: a place beyond the log's end will never come."""
    if came_with is not None:
        await require_reached(came_with, events)
    if place is not None and place.offset >= (await _ends(events)).get(place.partition, 0):
        raise Problem("invalid", "position: is beyond the log's end")


async def require_reached(came_with: Cursor, events: EventLog) -> None:
    """The same for a cursor. Raises Problem: `cursor_unusable`, or `unavailable` when Kafka does not say."""
    ends = await _ends(events)
    if any(seen > ends.get(partition, 0) for partition, seen in enumerate(came_with.offsets)):
        raise Problem("cursor_unusable", "the cursor is beyond the log's end; read anew")


async def _ends(events: EventLog) -> dict[int, int]:
    try:
        async with asyncio.timeout(CAUGHT_UP_WITHIN):
            return await events.ends()
    except (TimeoutError, LookupError):
        raise Problem("unavailable", "the log does not answer") from None
