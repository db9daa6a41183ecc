"""GET /messages/sync"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import request_parsing, responses
from gateway.api.openapi_docs import problem_docs, request_docs, response_docs
from gateway.api.query_params import SyncParams
from gateway.api.schemas import SyncPage
from gateway.commands.event_producer import EventProducer
from gateway.store.client import StorePort


def sync_router(store: StorePort, producer: EventProducer) -> APIRouter:
    router = APIRouter(tags=["reading"])
    problems = problem_docs(
        "cursor_unusable", "projection_behind", details={"cursor_invalid": "the cursor is not a cursor"}
    )

    @router.get(
        "/messages/sync",
        summary="What came after a cursor: the frames that a socket would have got",
        responses=response_docs(200, "A page of frames, and the cursor to go on from.", SyncPage) | problems,
        openapi_extra=request_docs(SyncParams),
    )
    async def read_sync(request: Request) -> Response:
        user, query = await request_parsing.parse_query(request, SyncParams)
        return await responses.query_store(
            lambda until: store.sync(user, query.cursor, limit=query.limit, until=until),
            producer,
            query.position,
            query.decoded_cursor,
        )

    return router
