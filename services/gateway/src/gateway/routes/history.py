"""GET /messages/history"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway import answers, requests
from gateway.bodies import MessagePage
from gateway.door import Door
from gateway.queries import HistoryQuery
from gateway.routes.documented import asked, problems, success


def history(door: Door) -> APIRouter:
    router = APIRouter(tags=["reading"])
    refused = problems(
        "not_found",
        "cursor_unusable",
        "projection_behind",
        said={"invalid": "before, after, around: at most one of them"},
    )

    @router.get(
        "/messages/history",
        summary="A conversation's messages, oldest first; without a bound its newest",
        responses=success(200, "A page of messages.", MessagePage) | refused,
        openapi_extra=asked(HistoryQuery),
    )
    async def read_history(request: Request) -> Response:
        user, query = await requests.read(request, HistoryQuery)
        return await answers.read_models(
            lambda until: door.store.history(
                user, query.conversation_id, limit=query.limit, bounds=query.bounds, until=until
            ),
            door.events,
            query.position,
        )

    return router
