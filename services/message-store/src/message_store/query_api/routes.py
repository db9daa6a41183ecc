"""The routes of the store API (`shared.internal.store_api`). Bodies are encoded here, and reach clients
unchanged."""

from typing import Any, TypeVar

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from message_store.query_api.params import check_protocol, parse_params
from message_store.query_api.progress_waiter import ProgressWaiter
from message_store.query_api.queries import Queries
from message_store.query_api.tickets import Tickets
from shared.contract.position import Position
from shared.internal import store_api

P = TypeVar("P", bound=store_api.CallParams)


def build_router(queries: Queries, waiter: ProgressWaiter) -> APIRouter:
    router = APIRouter()

    @router.get(store_api.ConversationsParams.path)
    async def conversations(request: Request) -> Response:
        params = await admit(request, store_api.ConversationsParams)
        return _json(await queries.conversations(params.user, params.limit, params.page))

    @router.get(store_api.ConversationParams.path)
    async def conversation(request: Request) -> Response:
        params = await admit(request, store_api.ConversationParams)
        return _json(await queries.conversation(params.user, params.conversation))

    @router.get(store_api.HistoryParams.path)
    async def history(request: Request) -> Response:
        params = await admit(request, store_api.HistoryParams)
        return _json(await queries.history(params.user, params.conversation, params.limit, params.bound))

    @router.get(store_api.MembershipParams.path)
    async def membership(request: Request) -> Response:
        params = await admit(request, store_api.MembershipParams)
        return _respond((await queries.membership(params.user, params.conversation)).encode())

    @router.get(store_api.SyncParams.path)
    async def sync(request: Request) -> Response:
        params = parse_params(request, store_api.SyncParams)
        cursor = params.decoded_cursor()
        await waiter.wait_for_position(params.position, params.wait)
        await waiter.wait_for_cursor(cursor, params.wait)
        page = await queries.sync(params.user, None if cursor is None else cursor.offsets, params.limit)
        return _respond(page.encode(), store_api.NDJSON)

    @router.get(store_api.OutcomeParams.path)
    async def outcome(request: Request) -> Response:
        params = await admit(request, store_api.OutcomeParams)
        return _respond((await queries.outcome(params.user, Position.parse(params.position))).encode())

    @router.get(store_api.PROGRESS_PATH)
    async def progress(request: Request) -> Response:
        check_protocol(request)
        return _respond((await queries.progress()).encode())

    async def admit(request: Request, params: type[P]) -> P:
        """Parse the parameters, and wait for their position. Raises Problem."""
        parsed = parse_params(request, params)
        await waiter.wait_for_position(parsed.position, parsed.wait)
        return parsed

    return router


def users_router(queries: Queries, tickets: Tickets) -> APIRouter:
    """The calls about users' tokens and tickets."""
    router = APIRouter()

    @router.get(store_api.RevocationsParams.path)
    async def revocations(request: Request) -> Response:
        params = parse_params(request, store_api.RevocationsParams)
        return _respond((await queries.revocations(params.since, params.after)).encode())

    @router.post(store_api.RedeemParams.path)
    async def redeem(request: Request) -> Response:
        params = parse_params(request, store_api.RedeemParams)
        return _respond((await tickets.redeem(params.id, params.expires_at)).encode())

    return router


def _json(body: dict[str, Any]) -> Response:
    return _respond(orjson.dumps(body))


def _respond(body: bytes, media_type: str = store_api.JSON) -> Response:
    return Response(body, headers=store_api.HEADERS, media_type=media_type)
