"""GET /messages/sync"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import responses
from gateway.api.limited_calls import LimitedCall, limited
from gateway.api.openapi_docs import problem_docs, request_docs, response_docs
from gateway.api.pages import SyncPage
from gateway.api.query_params import SyncParams
from gateway.api.request_parsing import RequestParser
from gateway.commands.event_producer import EventProducer
from gateway.limits.user_limits import UserLimits
from gateway.limits.user_rates import Rate
from gateway.store.client import StorePort, StoreResponse, WaitFor
from shared.internal.store_api import SyncPage as StoredPage


def sync_router(
    parser: RequestParser, limits: UserLimits, store: StorePort, producer: EventProducer
) -> APIRouter:
    router = APIRouter(tags=["reading"])
    problems = problem_docs(
        "cursor_unusable", "projection_behind", details={"cursor_invalid": "the cursor is not a cursor"}
    )

    @router.get(
        "/messages/sync",
        summary="The frames that a socket would have received after a cursor",
        responses=response_docs(200, "A page of frames, and the cursor to continue from.", SyncPage)
        | problems,
        openapi_extra=request_docs(SyncParams),
    )
    @limited(limits, Rate.READS)
    async def read_sync(request: Request, call: LimitedCall) -> Response:
        principal, query = await parser.parse_query(request, call, SyncParams)
        return await responses.query_store(
            lambda wait_for: read_page(principal.user_id, query, wait_for),
            producer,
            query.position,
            query.decoded_cursor,
        )

    async def read_page(user: str, query: SyncParams, wait_for: WaitFor | None) -> StoreResponse:
        response = await store.sync(user, query.cursor, limit=query.limit, wait_for=wait_for)
        if not response.ok:
            return response
        return response._replace(body=StoredPage.decode(response.body).to_json())

    return router
