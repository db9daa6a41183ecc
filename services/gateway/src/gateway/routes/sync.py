"""GET /messages/sync"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway import answers, requests
from gateway.bodies import SyncPage
from gateway.door import Door
from gateway.queries import SyncQuery
from gateway.routes.documented import asked, problems, success
from shared import cursor
from shared.cursor import Cursor
from shared.problems import Problem


def sync(door: Door) -> APIRouter:
    router = APIRouter(tags=["reading"])
    refused = problems("cursor_unusable", cursor_invalid="the cursor is not a cursor")

    @router.get(
        "/messages/sync",
        summary="What came after a cursor: the frames that a socket would have got",
        responses=success(200, "A page of frames, and the cursor to go on from.", SyncPage) | refused,
        openapi_extra=asked(SyncQuery),
    )
    async def read_sync(request: Request) -> Response:
        user, query = await requests.read(request, SyncQuery)
        came_with = _decoded(query.cursor)
        return await answers.read_models(
            lambda until: door.store.sync(user, query.cursor, limit=query.limit, until=until),
            door.events,
            query.position,
            came_with,
        )

    return router


def _decoded(text: str | None) -> Cursor | None:
    if text is None:
        return None
    try:
        return cursor.decode(text)
    except cursor.CursorInvalid as error:
        raise Problem("cursor_invalid", f"the cursor {error}") from None
