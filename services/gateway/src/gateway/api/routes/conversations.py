"""GET /messages/conversations"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import request_parsing, responses
from gateway.api.openapi_docs import asked, problems, success
from gateway.api.query_params import ConversationsQuery
from gateway.api.schemas import ConversationPage
from gateway.components import Door


def conversations(door: Door) -> APIRouter:
    router = APIRouter(tags=["reading"])
    page = success(200, "A page of conversations.", ConversationPage)

    @router.get(
        "/messages/conversations",
        summary="The caller's conversations, newest first",
        responses=page
        | problems(
            "cursor_unusable",
            "projection_behind",
            said={"invalid": "limit: must be a whole number from 1 to 100"},
        ),
        openapi_extra=asked(ConversationsQuery),
    )
    async def list_conversations(request: Request) -> Response:
        user, query = await request_parsing.read(request, ConversationsQuery)
        return await responses.read_models(
            lambda wait_for: door.store.conversations(
                user, limit=query.limit, page=query.page, wait_for=wait_for
            ),
            door.events,
            query.position,
        )

    return router
