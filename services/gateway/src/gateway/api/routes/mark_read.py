"""POST /messages/read"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import request_parsing, responses
from gateway.api.openapi_docs import asked, problems, success
from gateway.api.query_params import Query
from gateway.api.schemas import Accepted, NewRead, new_read
from gateway.components import Door
from shared.http.problems import Problem
from shared.kafka import Unconfirmed


def read(door: Door) -> APIRouter:
    router = APIRouter(tags=["writing"])
    refused = problems(
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
        responses=success(202, "In the log.", Accepted) | refused,
        openapi_extra=asked(Query, body=NewRead),
    )
    async def move_read(request: Request) -> Response:
        """It never moves back; beyond the last message it means the last message."""
        user, body = await request_parsing.read_with_body(request, new_read, door)
        try:
            position = await (await door.sending.read(user, body.conversation_id, body.up_to))
        except Unconfirmed:
            raise Problem("unavailable", "not confirmed; repeat it") from None
        return responses.json(202, {"position": str(position), "status": "accepted"})

    return router
