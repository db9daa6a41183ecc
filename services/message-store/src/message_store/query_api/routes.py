"""The queries over HTTP, for the gateway (docs/internal-wire.md). Bodies are made here, byte for byte."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from message_store.query_api.params import (
    ConversationParams,
    ConversationsParams,
    HistoryParams,
    OutcomeParams,
    SyncParams,
    parse_params,
)
from message_store.query_api.progress_waiter import ProgressWaiter
from message_store.query_api.queries import Queries
from shared.contract.position import Position


def routes(queries: Queries, watch: ProgressWaiter) -> APIRouter:
    router = APIRouter()

    @router.get("/conversations")
    async def conversations(request: Request) -> Response:
        ask = parse_params(request, ConversationsParams)
        await watch.wait_for_position(ask.position, ask.wait)
        return _json(await queries.conversations(ask.user, ask.limit, ask.page))

    @router.get("/conversations/{conversation}")
    async def conversation(request: Request) -> Response:
        ask = parse_params(request, ConversationParams)
        await watch.wait_for_position(ask.position, ask.wait)
        return _json(await queries.conversation(ask.user, ask.conversation))

    @router.get("/history")
    async def history(request: Request) -> Response:
        ask = parse_params(request, HistoryParams)
        await watch.wait_for_position(ask.position, ask.wait)
        return _json(await queries.history(ask.user, ask.conversation, ask.limit, ask.bound))

    @router.get("/membership")
    async def membership(request: Request) -> Response:
        ask = parse_params(request, ConversationParams)
        await watch.wait_for_position(ask.position, ask.wait)
        return _json(await queries.membership(ask.user, ask.conversation))

    @router.get("/sync")
    async def sync(request: Request) -> Response:
        ask = parse_params(request, SyncParams)
        came_with = ask.came_with()
        await watch.wait_for_position(ask.position, ask.wait)
        await watch.wait_for_cursor(came_with, ask.wait)
        return _json(await queries.sync(ask.user, came_with and came_with.offsets, ask.limit))

    @router.get("/outcome")
    async def outcome(request: Request) -> Response:
        ask = parse_params(request, OutcomeParams)
        await watch.wait_for_position(ask.position, ask.wait)
        return _json(await queries.outcome(ask.user, Position.parse(ask.position)))

    @router.get("/progress")
    async def progress(_: Request) -> Response:
        return _json((await queries.progress()).told())

    return router


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
