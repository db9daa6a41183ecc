"""GET /messages/conversations"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import responses
from gateway.api.limited_calls import LimitedCall, limited
from gateway.api.openapi_docs import problem_docs, request_docs, response_docs
from gateway.api.pages import ConversationPage
from gateway.api.query_params import ConversationsParams
from gateway.api.request_parsing import RequestParser
from gateway.commands.event_producer import EventProducer
from gateway.limits.user_limits import UserLimits
from gateway.limits.user_rates import Rate
from gateway.store.client import StorePort


def conversations_router(
    parser: RequestParser, limits: UserLimits, store: StorePort, producer: EventProducer
) -> APIRouter:
    router = APIRouter(tags=["reading"])
    page = response_docs(200, "A page of conversations.", ConversationPage)

    @router.get(
        "/messages/conversations",
        summary="The caller's conversations, newest first",
        responses=page
        | problem_docs(
            "cursor_unusable",
            "projection_behind",
            details={"invalid": "limit: must be a whole number from 1 to 100"},
        ),
        openapi_extra=request_docs(ConversationsParams),
    )
    @limited(limits, Rate.READS)
    async def list_conversations(request: Request, call: LimitedCall) -> Response:
        principal, query = await parser.parse_query(request, call, ConversationsParams)
        return await responses.query_store(
            lambda wait_for: store.conversations(
                principal.user_id, limit=query.limit, page=query.page, wait_for=wait_for
            ),
            producer,
            query.position,
        )

    return router
