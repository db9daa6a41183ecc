"""POST /messages"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import prefer_header, request_parsing, responses
from gateway.api.openapi_docs import asked, problems, success
from gateway.api.query_params import Query
from gateway.api.schemas import AcceptedMessage, NewMessage, new_message
from gateway.components import Door
from gateway.store.client import StoreUnavailable
from shared.contract.frames import Message
from shared.contract.position import Position
from shared.http.problems import Problem, not_found
from shared.internal.store_api import OutcomeAnswer
from shared.kafka import Unconfirmed

_PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": f"`wait` ({prefer_header.DEFAULT:g} seconds) or `wait=<seconds>` "
    f"({prefer_header.LONGEST:g} at most): answer 201 with the message once history has it; 202 as without, "
    "when that takes longer or history cannot say.",
    "schema": {"type": "string"},
    "example": "wait=5",
}


def messages(door: Door) -> APIRouter:
    router = APIRouter(tags=["writing"])
    accepted = success(202, "In the log.", AcceptedMessage)
    made = success(201, "In the history (with `Prefer: wait`).", Message)

    refused = problems(
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
        openapi_extra=asked(Query, _PREFER, body=NewMessage),
    )
    async def send_message(request: Request) -> Response:
        """Accepted is never lost. Repeated with the same `clientId` it is the same message, for ever."""
        user, body = await request_parsing.read_with_body(request, new_message, door)
        try:
            sent = await door.sending.message(user, body.conversation_id, body.text, body.client_id)
            position = await sent.position
        except Unconfirmed:
            raise Problem("unavailable", "not confirmed; send it again with the same clientId") from None
        wait = prefer_header.wait(request.headers.getlist("prefer"))
        outcome = None if wait is None else await _outcome(door, user, position, wait)
        if outcome is not None and (response := _made(outcome)) is not None:
            return response
        told = {"id": sent.message_id, "conversationId": body.conversation_id}
        return responses.json(202, {**told, "position": str(position), "status": "accepted"})

    return router


async def _outcome(door: Door, user: str, position: Position, wait: float) -> OutcomeAnswer | None:
    try:
        return await door.store.outcome(user, str(position), wait)
    except StoreUnavailable:
        return None


def _made(outcome: OutcomeAnswer) -> Response | None:
    """None when history does not have it. Raises Problem when the fold refused it."""
    if outcome.outcome == "rejected":
        if outcome.reason == "not_found":
            not_found()
        raise Problem("invalid", f"refused: {outcome.reason}")
    if outcome.message is None:
        return None
    return responses.json(201, outcome.message, {"Preference-Applied": "wait"})
