"""Ready answers, and what becomes of the store's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.responses import Response

from gateway.event_log import EventLog
from gateway.store import Answer, Unavailable, Until
from shared.position import Position
from shared.problems import Problem

CAUGHT_UP_WITHIN = 2.0
"""Seconds that a call waits for the read models to have what it names."""


def json(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")


def passed_on(answer: Answer) -> Response:
    """The store's answer, unread."""
    if answer.behind:
        raise Problem("projection_behind", "the read models are not there yet")
    media_type = "application/json" if answer.ok else "application/problem+json"
    return Response(answer.body, answer.status, media_type=media_type)


async def read_models(
    ask: Callable[[Until | None], Awaitable[Answer]], events: EventLog, position: str | None
) -> Response:
    """Ask the store; with a `position`, once it is past that. Raises Problem."""
    try:
        if position is None:
            return passed_on(await ask(None))
        place = _parsed(position, events)
        answer = await ask(Until(position, 0))
        if answer.behind:
            await _require_written(place, events)
            answer = await ask(Until(position, CAUGHT_UP_WITHIN))
        return passed_on(answer)
    except Unavailable:
        raise Problem("unavailable", "the read models do not answer") from None


def _parsed(position: str, events: EventLog) -> Position:
    place = Position.parse(position)  # well-formed: the query was checked
    if events.identity is not None and place.epoch != events.identity.epoch:
        raise Problem("cursor_unusable", "position: is of another log")
    return place


async def _require_written(place: Position, events: EventLog) -> None:
    """Asked only when the store is not there yet: a place beyond the log's end will never come."""
    try:
        async with asyncio.timeout(CAUGHT_UP_WITHIN):
            end = await events.end(place.partition)
    except (TimeoutError, LookupError):
        raise Problem("unavailable", "the log does not answer") from None
    if place.offset >= end:
        raise Problem("invalid", "position: is beyond the log's end")
