"""POST /revoke, for operators: no token of a user that was issued until now is accepted any more."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from pydantic import Field, TypeAdapter
from starlette.datastructures import Headers
from starlette.responses import Response

from gateway.api.openapi_docs import response_docs
from gateway.api.request_parsing import parse_body
from gateway.auth.principal import Principal
from gateway.commands.command import Accepted, accepted
from gateway.commands.event_writer import EventWriter
from gateway.examples import CALLER
from shared.contract import events
from shared.contract.fields import UserId, WireModel
from shared.http.problems import Problem
from shared.kafka import Unconfirmed

MAX_BODY_BYTES = 4 * 1024


class Revocation(WireModel):
    user_id: UserId = Field(examples=[CALLER])


def revoke_router(
    authenticate_operator: Callable[[Headers], Awaitable[Principal]], writer: EventWriter
) -> APIRouter:
    """`authenticate_operator` raises Problem (401, 403)."""
    router = APIRouter(tags=["operating"])
    body = TypeAdapter(Revocation)

    @router.post(
        "/revoke",
        name="revoke",
        summary="Revoke all tokens that a user holds",
        status_code=202,
        responses=response_docs(202, "In the log: every gateway acts on it within 5 seconds.", Accepted),
    )
    async def revoke(request: Request) -> Response:
        operator = await authenticate_operator(request.headers)
        user_id = (await parse_body(request, body, max_bytes=MAX_BODY_BYTES)).user_id
        envelope = writer.envelope(operator.user_id, events.user_key(user_id))
        data = events.UserRevokedData(user_id=user_id, revoked_at=envelope["time"])
        try:
            position = await writer.append(events.UserRevoked(**envelope, data=data))
        except Unconfirmed:
            raise Problem("unavailable", "not confirmed; repeat it") from None
        result = accepted(position)
        return Response(result.body, result.status, media_type="application/json")

    return router
