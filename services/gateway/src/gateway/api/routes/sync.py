"""GET /messages/sync"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api import request_parsing, responses
from gateway.api.openapi_docs import asked, problems, success
from gateway.api.query_params import SyncQuery
from gateway.api.schemas import SyncPage
from gateway.components import Door
from gateway.store.client import StoreResponse, WaitFor
from shared.internal.store_api import SyncPage as StoredPage


def sync(door: Door) -> APIRouter:
    router = APIRouter(tags=["reading"])
    refused = problems(
        "cursor_unusable", "projection_behind", said={"cursor_invalid": "the cursor is not a cursor"}
    )

    @router.get(
        "/messages/sync",
        summary="What came after a cursor: the frames that a socket would have got",
        responses=success(200, "A page of frames, and the cursor to go on from.", SyncPage) | refused,
        openapi_extra=asked(SyncQuery),
    )
    async def read_sync(request: Request) -> Response:
        user, query = await request_parsing.read(request, SyncQuery)
        return await responses.read_models(
            lambda wait_for: read_page(user, query, wait_for), door.events, query.position, query.came_with
        )

    async def read_page(user: str, query: SyncQuery, wait_for: WaitFor | None) -> StoreResponse:
        response = await door.store.sync(user, query.cursor, limit=query.limit, wait_for=wait_for)
        if not response.ok:
            return response
        return response._replace(body=StoredPage.decode(response.body).to_json())

    return router
