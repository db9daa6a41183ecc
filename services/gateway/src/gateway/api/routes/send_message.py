"""POST /messages"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import prefer_header, request_parsing, responses
from gateway.api.openapi_docs import problem_docs, request_docs, response_docs
from gateway.api.query_params import QueryParams
from gateway.api.schemas import AcceptedMessage, NewMessage, new_message
from gateway.components import GatewayComponents
from gateway.store.client import Outcome, Unavailable, Until
from shared.contract.frames import Message
from shared.contract.position import Position
from shared.http.problems import Problem, not_found
from shared.kafka import Unconfirmed

_PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": f"`wait` ({prefer_header.DEFAULT_WAIT_SECONDS:g} seconds) or `wait=<seconds>` "
    f"({prefer_header.MAX_WAIT_SECONDS:g} at most): answer 201 with the message once history has it; 202 as without, "
    "when that takes longer or history cannot say.",
    "schema": {"type": "string"},
    "example": "wait=5",
}


def send_message_router(components: GatewayComponents) -> APIRouter:
    router = APIRouter(tags=["writing"])
    accepted = response_docs(202, "In the log.", AcceptedMessage)
    made = response_docs(201, "In the history (with `Prefer: wait`).", Message)

    refused = problem_docs(
        "not_found",
        "too_big",
        said={
            "bad_request": "the body is empty",
            "invalid": "text: must contain something besides white space",
            "unavailable": "not confirmed; send it again with the same clientId",
        },
    )

    @router.post(
        "/messages",
        summary="Send a message",
        status_code=202,
        responses=accepted | made | refused,
        openapi_extra=request_docs(QueryParams, _PREFER, body=NewMessage),
    )
    async def send_message(request: Request) -> Response:
        """Accepted is never lost. Repeated with the same `clientId` it is the same message, for ever."""
        user, body = await request_parsing.parse_query_and_body(request, new_message, components)
        try:
            sent = await components.commands.send_message(
                user, body.conversation_id, body.text, body.client_id
            )
            position = await sent.position
        except Unconfirmed:
            raise Problem("unavailable", "not confirmed; send it again with the same clientId") from None
        wait = prefer_header.parse_wait(request.headers.getlist("prefer"))
        outcome = None if wait is None else await _outcome(components, user, position, wait)
        if outcome is not None and (response := _made(outcome)) is not None:
            return response
        told = {"id": sent.message_id, "conversationId": body.conversation_id}
        return responses.json(202, {**told, "position": str(position), "status": "accepted"})

    return router


async def _outcome(
    components: GatewayComponents, user: str, position: Position, wait: float
) -> Outcome | None:
    try:
        return await components.store.outcome(user, Until(str(position), wait))
    except Unavailable:
        return None


def _made(outcome: Outcome) -> Response | None:
    """None when history does not have it. Raises Problem when the fold refused it."""
    if outcome.outcome == "rejected":
        if outcome.reason == "not_found":
            not_found()
        raise Problem("invalid", f"refused: {outcome.reason}")
    if outcome.message is None:
        return None
    return responses.json(201, outcome.message, {"Preference-Applied": "wait"})
