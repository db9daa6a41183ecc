"""Ready answers, and what becomes of the store's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.responses import Response

from gateway.commands.event_producer import EventProducer
from gateway.store.client import Answer, Unavailable, Until
from shared.contract.cursor import Cursor
from shared.contract.position import Position
from shared.http.problems import Problem

PROJECTION_TIMEOUT_SECONDS = 2.0
"""Seconds that a call waits for the read models to have what it names."""


def json(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")


def proxy_response(answer: Answer) -> Response:
    """The store's answer, unread."""
    if answer.behind:
        raise Problem("projection_behind", "the read models are not there yet")
    media_type = "application/json" if answer.ok else "application/problem+json"
    return Response(answer.body, answer.status, media_type=media_type)


async def query_store(
    ask: Callable[[Until | None], Awaitable[Answer]],
    events: EventProducer,
    position: str | None,
    came_with: Cursor | None = None,
) -> Response:
    """Ask the store; with a `position` or a cursor, once it is past that. Raises Problem."""
    try:
        if position is None and came_with is None:
            return proxy_response(await ask(None))
        place = _parse_position(position, events) if position is not None else None
        answer = await ask(Until(position, 0))
        if answer.behind:
            await _ensure_written(place, came_with, events)
            answer = await ask(Until(position, PROJECTION_TIMEOUT_SECONDS))
        return proxy_response(answer)
    except Unavailable:
        raise Problem("unavailable", "the read models do not answer") from None


def _parse_position(position: str, events: EventProducer) -> Position:
    place = Position.parse(position)  # well-formed: the query was checked
    if events.identity is not None and place.epoch != events.identity.epoch:
        raise Problem("cursor_unusable", "position: is of another log")
    return place


async def _ensure_written(place: Position | None, came_with: Cursor | None, events: EventProducer) -> None:
    """Asked only when the store is not there yet: a place beyond the log's end will never come."""
    if came_with is not None:
        await ensure_within_log(came_with, events)
    if place is not None and place.offset >= (await _log_ends(events)).get(place.partition, 0):
        raise Problem("invalid", "position: is beyond the log's end")


async def ensure_within_log(came_with: Cursor, events: EventProducer) -> None:
    """The same for a cursor. Raises Problem: `cursor_unusable`, or `unavailable` when Kafka does not say."""
    ends = await _log_ends(events)
    if any(seen > ends.get(partition, 0) for partition, seen in enumerate(came_with.offsets)):
        raise Problem("cursor_unusable", "the cursor is beyond the log's end; read anew")


async def _log_ends(events: EventProducer) -> dict[int, int]:
    try:
        async with asyncio.timeout(PROJECTION_TIMEOUT_SECONDS):
            return await events.ends()
    except (TimeoutError, LookupError):
        raise Problem("unavailable", "the log does not answer") from None
