"""The queries over HTTP, for the gateway (docs/internal-wire.md). Bodies are made here, byte for byte."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Response

from message_store.progress import ProgressWatch
from message_store.queries import Queries
from shared import cursor
from shared.cursor import Cursor
from shared.position import Position
from shared.problems import Problem
from shared.vocabulary import MAX_SEQ, UserId, Uuid

User = Annotated[UserId, Query()]
Limit = Annotated[int, Query(ge=1, le=100)]
Seq = Annotated[int | None, Query(ge=0, le=MAX_SEQ)]
At = Annotated[str | None, Query(max_length=64, alias="position")]
Wait = Annotated[float, Query(ge=0, le=10)]


def _bound(before: Seq = None, after: Seq = None, around: Seq = None) -> tuple[str, int] | None:
    bounds = {"before": before, "after": after, "around": around}
    given = [(kind, seq) for kind, seq in bounds.items() if seq is not None]
    if len(given) > 1:
        raise Problem("invalid", "before, after, around: at most one of them")
    return given[0] if given else None


Bound = Annotated[tuple[str, int] | None, Depends(_bound)]


def routes(queries: Queries, watch: ProgressWatch) -> APIRouter:
    router = APIRouter()

    @router.get("/conversations")
    async def conversations(
        user: User, limit: Limit = 50, page: str | None = None, at: At = None, wait: Wait = 0
    ) -> Response:
        await watch.reach(at, wait)
        return _json(await queries.conversations(user, limit, page))

    @router.get("/conversations/{conversation}")
    async def conversation(conversation: Uuid, user: User, at: At = None, wait: Wait = 0) -> Response:
        await watch.reach(at, wait)
        return _json(await queries.conversation(user, conversation))

    @router.get("/history")
    async def history(
        user: User, conversation: Uuid, bound: Bound, limit: Limit = 50, at: At = None, wait: Wait = 0
    ) -> Response:
        await watch.reach(at, wait)
        return _json(await queries.history(user, conversation, limit, bound))

    @router.get("/membership")
    async def membership(user: User, conversation: Uuid, at: At = None, wait: Wait = 0) -> Response:
        await watch.reach(at, wait)
        return _json(await queries.membership(user, conversation))

    @router.get("/sync")
    async def sync(
        user: User,
        since: Annotated[str | None, Query(alias="cursor")] = None,
        limit: Limit = 50,
        at: At = None,
        wait: Wait = 0,
    ) -> Response:
        came_with = _mine(since, user)
        await watch.reach(at, wait)
        await watch.reach_cursor(came_with, wait)
        return _json(await queries.sync(user, came_with and came_with.offsets, limit))

    @router.get("/outcome")
    async def outcome(user: User, position: str, wait: Wait = 0) -> Response:
        await watch.reach(position, wait)
        return _json(await queries.outcome(user, Position.parse(position)))

    @router.get("/progress")
    async def progress() -> Response:
        vector = await queries.progress()
        return _json({"epoch": vector.epoch, "offsets": list(vector.offsets)})

    return router


def _mine(text: str | None, user: str) -> Cursor | None:
    if text is None:
        return None
    try:
        came_with = cursor.decode(text)
    except cursor.CursorInvalid as error:
        raise Problem("cursor_invalid", f"the cursor {error}") from None
    if not came_with.belongs_to(user):
        raise Problem("cursor_unusable", "the cursor is another user's")
    return came_with


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
