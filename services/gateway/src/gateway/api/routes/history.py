"""GET /messages/history"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import request_parsing, responses
from gateway.api.openapi_docs import asked, problems, success
from gateway.api.query_params import HistoryQuery
from gateway.api.schemas import MessagePage
from gateway.components import Door


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
        user, query = await request_parsing.read(request, HistoryQuery)
        return await responses.read_models(
            lambda wait_for: door.store.history(
                user, query.conversation_id, limit=query.limit, bound=query.bound, wait_for=wait_for
            ),
            door.events,
            query.position,
        )

    return router
