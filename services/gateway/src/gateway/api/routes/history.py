"""GET /messages/history"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import responses
from gateway.api.limited_calls import LimitedCall, limited
from gateway.api.openapi_docs import problem_docs, request_docs, response_docs
from gateway.api.pages import MessagePage
from gateway.api.query_params import HistoryParams
from gateway.api.request_parsing import RequestParser
from gateway.commands.event_producer import EventProducer
from gateway.limits.user_limits import UserLimits
from gateway.limits.user_rates import Rate
from gateway.store.client import StorePort


def history_router(
    parser: RequestParser, limits: UserLimits, store: StorePort, producer: EventProducer
) -> APIRouter:
    router = APIRouter(tags=["reading"])
    problems = problem_docs(
        "not_found",
        "cursor_unusable",
        "projection_behind",
        details={"invalid": "before, after, around: at most one of them"},
    )

    @router.get(
        "/messages/history",
        summary="A conversation's messages, oldest first; without a bound its newest",
        responses=response_docs(200, "A page of messages.", MessagePage) | problems,
        openapi_extra=request_docs(HistoryParams),
    )
    @limited(limits, Rate.READS)
    async def read_history(request: Request, call: LimitedCall) -> Response:
        principal, query = await parser.parse_query(request, call, HistoryParams)
        return await responses.query_store(
            lambda wait_for: store.history(
                principal.user_id,
                query.conversation_id,
                limit=query.limit,
                bound=query.bound,
                wait_for=wait_for,
            ),
            producer,
            query.position,
        )

    return router
