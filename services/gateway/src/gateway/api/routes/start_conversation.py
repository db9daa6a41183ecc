"""POST /messages/start"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import request_parsing, responses
from gateway.api.openapi_docs import problem_docs, request_docs, response_docs
from gateway.api.query_params import QueryParams
from gateway.api.schemas import NewConversation, new_conversation
from gateway.components import GatewayComponents
from gateway.store.client import Answer, Unavailable, Until
from shared.contract import ids
from shared.contract.frames import Conversation
from shared.http.problems import Problem
from shared.kafka import Unconfirmed


def start_conversation_router(components: GatewayComponents) -> APIRouter:
    router = APIRouter(tags=["writing"])
    refused = problem_docs(
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
        responses=response_docs(200, "The conversation.", Conversation) | refused,
        openapi_extra=request_docs(QueryParams, body=NewConversation),
    )
    async def start_conversation(request: Request) -> Response:
        """Both members' next calls see it. Safe to repeat."""
        user, body = await request_parsing.parse_query_and_body(request, new_conversation, components)
        try:
            answer = await _started(components, user, body.peer_id)
        except (Unavailable, Unconfirmed):
            raise Problem("unavailable", "not started yet; repeat it") from None
        if not answer.ok and not answer.behind:  # the fold made nothing of it
            raise Problem("unavailable", "not started yet; repeat it")
        if answer.ok:
            conversation = ids.direct_conversation_id(user, body.peer_id)
            components.membership.invalidate(conversation)  # whoever was refused a moment ago is a member now
            components.membership.add(conversation, user, body.peer_id)
        return responses.proxy_response(answer)

    return router


async def _started(components: GatewayComponents, user: str, peer: str) -> Answer:
    conversation = ids.direct_conversation_id(user, peer)
    there = await components.store.conversation(user, conversation)
    if there.status != 404:
        return there
    position = await (await components.commands.start_direct(user, peer))
    until = Until(str(position), responses.PROJECTION_TIMEOUT_SECONDS)
    return await components.store.conversation(user, conversation, until=until)
