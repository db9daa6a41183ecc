"""GET /messages/conversations"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway import answers, requests
from gateway.bodies import ConversationPage
from gateway.door import Door
from gateway.queries import ConversationsQuery
from gateway.routes.documented import asked, problems, success


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
        user, query = await requests.read(request, ConversationsQuery)
        return await answers.read_models(
            lambda until: door.store.conversations(user, limit=query.limit, page=query.page, until=until),
            door.events,
            query.position,
        )

    return router
