"""POST /messages/ws-tickets: a ticket for one WebSocket."""

from datetime import UTC, datetime

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.api.limited_calls import LimitedCall, limited
from gateway.api.openapi_docs import problem_docs, request_docs, response_docs
from gateway.api.pages import WebSocketTicket
from gateway.api.query_params import QueryParams
from gateway.api.request_parsing import RequestParser
from gateway.auth.origins import origin_not_allowed
from gateway.auth.tickets import TicketSealer
from gateway.limits.user_limits import UserLimits
from gateway.limits.user_rates import Rate
from shared.contract.fields import timestamp


def ws_tickets_router(parser: RequestParser, limits: UserLimits, tickets: TicketSealer) -> APIRouter:
    router = APIRouter(tags=["writing"])
    description = "For clients that cannot send a header with a WebSocket, so that no token stands in a URL."

    @router.post(
        "/messages/ws-tickets",
        name="create_web_socket_ticket",
        summary="A ticket for one WebSocket",
        description=description,
        status_code=200,
        responses=response_docs(200, "The ticket.", WebSocketTicket) | problem_docs(details={}),
        openapi_extra=request_docs(QueryParams, allow_act_as=False),
    )
    @limited(limits, Rate.CALLS)
    async def create(request: Request, call: LimitedCall) -> Response:
        principal, _ = await parser.parse_query(request, call, QueryParams, allow_act_as=False)
        if not parser.origins.allows_request(request.headers):
            raise origin_not_allowed()
        ticket = tickets.seal(principal)
        expires_at = timestamp(datetime.fromtimestamp(ticket.expires_at, UTC))
        body = orjson.dumps({"ticket": ticket.text, "expiresAt": expires_at})
        return Response(body, media_type="application/json")

    return router
