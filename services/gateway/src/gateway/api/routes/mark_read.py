"""POST /messages/read"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import request_parsing, responses
from gateway.api.openapi_docs import problem_docs, request_docs, response_docs
from gateway.api.query_params import QueryParams
from gateway.api.schemas import Accepted, NewRead, new_read
from gateway.components import GatewayComponents
from shared.http.problems import Problem
from shared.kafka import Unconfirmed


def mark_read_router(components: GatewayComponents) -> APIRouter:
    router = APIRouter(tags=["writing"])
    refused = problem_docs(
        "not_found",
        "too_big",
        said={
            "bad_request": "the body is empty",
            "invalid": "conversationId: is not a UUID",
            "unavailable": "not confirmed; repeat it",
        },
    )

    @router.post(
        "/messages/read",
        summary="Say how far the caller has read",
        status_code=202,
        responses=response_docs(202, "In the log.", Accepted) | refused,
        openapi_extra=request_docs(QueryParams, body=NewRead),
    )
    async def move_read(request: Request) -> Response:
        """It never moves back; beyond the last message it means the last message."""
        user, body = await request_parsing.parse_query_and_body(request, new_read, components)
        try:
            position = await (await components.commands.mark_read(user, body.conversation_id, body.up_to))
        except Unconfirmed:
            raise Problem("unavailable", "not confirmed; repeat it") from None
        return responses.json(202, {"position": str(position), "status": "accepted"})

    return router
