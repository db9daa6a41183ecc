"""POST /messages/start"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import request_parsing, responses
from gateway.api.openapi_docs import asked, problems, success
from gateway.api.query_params import Query
from gateway.api.schemas import NewConversation, new_conversation
from gateway.components import Door
from gateway.store.client import StoreResponse, StoreUnavailable, WaitFor
from shared.contract import ids
from shared.contract.frames import Conversation
from shared.http.problems import Problem
from shared.kafka import Unconfirmed


def start(door: Door) -> APIRouter:
    router = APIRouter(tags=["writing"])
    refused = problems(
        "too_big",
        "projection_behind",
        said={
            "bad_request": "the body is empty",
            "invalid": "peerId: must be somebody else",
            "unavailable": "not started yet; repeat it",
        },
    )

    @router.post(
        "/messages/start",
        summary="The conversation with a peer; the same one every time",
        responses=success(200, "The conversation.", Conversation) | refused,
        openapi_extra=asked(Query, body=NewConversation),
    )
    async def start_conversation(request: Request) -> Response:
        """Both members' next calls see it. Safe to repeat."""
        user, body = await request_parsing.read_with_body(request, new_conversation, door)
        try:
            answer = await _started(door, user, body.peer_id)
        except (StoreUnavailable, Unconfirmed):
            raise Problem("unavailable", "not started yet; repeat it") from None
        if not answer.ok and not answer.is_behind:  # the fold made nothing of it
            raise Problem("unavailable", "not started yet; repeat it")
        if answer.ok:
            conversation = ids.direct_conversation_id(user, body.peer_id)
            door.membership.forget(conversation)  # whoever was refused a moment ago is a member now
            door.membership.remember(conversation, user, body.peer_id)
        return responses.passed_on(answer)

    return router


async def _started(door: Door, user: str, peer: str) -> StoreResponse:
    conversation = ids.direct_conversation_id(user, peer)
    there = await door.store.conversation(user, conversation)
    if there.status != 404:
        return there
    position = await (await door.sending.direct(user, peer))
    wait_for = WaitFor(str(position), responses.CAUGHT_UP_WITHIN)
    return await door.store.conversation(user, conversation, wait_for=wait_for)
