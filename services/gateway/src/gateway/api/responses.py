"""Answers of the store, on their way to the client."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from gateway.commands.event_producer import EventProducer
from gateway.commands.log_bounds import ensure_cursor_written, ensure_position_written
from gateway.store.client import StoreResponse, StoreUnavailable, WaitFor
from shared.contract.cursor import Cursor
from shared.contract.position import Position
from shared.http.problems import Problem

PROJECTION_TIMEOUT_SECONDS = 2.0
"""How long a call waits for the read models to reach its position or cursor."""


def proxy_response(answer: StoreResponse) -> Response:
    """Pass the store's answer on without parsing it. Raises Problem (503) when its projection is behind."""
    if answer.is_behind:
        raise Problem("projection_behind", "the read models are behind; try again")
    media_type = "application/json" if answer.ok else "application/problem+json"
    return Response(answer.body, answer.status, media_type=media_type)


async def query_store(
    query: Callable[[WaitFor | None], Awaitable[StoreResponse]],
    producer: EventProducer,
    position: str | None,
    cursor: Cursor | None = None,
) -> Response:
    """Query the store; with a `position` or a cursor, once its projection has reached that. Raises
    Problem."""
    try:
        if position is None and cursor is None:
            return proxy_response(await query(None))
        parsed = _parse_position(position, producer) if position is not None else None
        answer = await query(WaitFor(position, 0))
        if answer.is_behind:
            if cursor is not None:
                await ensure_cursor_written(cursor, producer)
            if parsed is not None:
                await ensure_position_written(parsed, producer)
            answer = await query(WaitFor(position, PROJECTION_TIMEOUT_SECONDS))
        return proxy_response(answer)
    except StoreUnavailable:
        raise Problem("unavailable", "the read models do not answer") from None


def _parse_position(text: str, producer: EventProducer) -> Position:
    position = Position.parse(text)  # well-formed: the query was validated
    if producer.identity is not None and position.epoch != producer.identity.epoch:
        raise Problem("cursor_unusable", "position: is of another log")
    return position
