"""What a well-formed call is. The order of the checks is part of the contract: 401, 413, 400, 422, 403;
404 is left to who knows the conversation.

All that a call may break by itself (400, 422) is found while it is read, by the models of its query and its
body: a rule of a route's own would come too late. Rules that depend on who calls find that in the validation
context, as `caller`."""

import asyncio
from typing import Any, TypeVar

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from gateway import validation_errors
from gateway.api import header_fields
from gateway.api.query_params import Query
from gateway.auth import authentication
from gateway.auth.origins import foreign
from gateway.components import Door
from shared.http.problems import Code, Problem
from shared.http.query_string import QueryString

Q = TypeVar("Q", bound=Query)
B = TypeVar("B")

_BODY_WITHIN = 10.0


async def read(request: Request, model: type[Q]) -> tuple[str, Q]:
    """The caller's user id and the query. Raises Problem."""
    query_string = QueryString.parse(request.scope["query_string"])
    caller = authentication.identify(request.headers, query_string.values)
    query = _query(query_string.single_values(model.parameters()), model)
    return caller.agreed(query.me_id), query


async def read_with_body(request: Request, body: TypeAdapter[B], door: Door) -> tuple[str, B]:
    """The caller's user id and the body of a call that writes. Raises Problem."""
    query_string = QueryString.parse(request.scope["query_string"])
    caller = authentication.identify(request.headers, query_string.values)
    raw = await _bounded(request, door.settings.max_body)
    single = query_string.single_values(Query.parameters())
    _require_utf8(request.headers.get("content-type", ""))
    content = _content(raw, body, caller.token or single.get("meId"))
    query = _query(single, Query)
    if not door.origins.allow(request.headers):
        raise foreign()
    return caller.agreed(query.me_id), content


def _query(fields: dict[str, str], model: type[Q]) -> Q:
    try:
        return model.model_validate(fields, by_name=False)
    except ValidationError as error:
        raise Problem("invalid", validation_errors.explain(error)) from None


async def _bounded(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:12]) > limit:
        raise _too_big(limit)
    received = bytearray()
    try:
        async with asyncio.timeout(_BODY_WITHIN):
            async for chunk in request.stream():
                received += chunk
                if len(received) > limit:
                    raise _too_big(limit)
    except (TimeoutError, ClientDisconnect):
        raise Problem("bad_request", "the body did not arrive") from None
    return bytes(received)


def _too_big(limit: int) -> Problem:
    return Problem("too_big", f"the body is larger than {limit} bytes")


def _require_utf8(content_type: str) -> None:
    if header_fields.charset(content_type) not in (None, "utf-8", "utf8"):
        raise Problem("bad_request", "the body must be UTF-8")


def _content(raw: bytes, body: TypeAdapter[B], caller: str | None = None) -> B:
    if validation_errors.many_members(raw) is not None:
        raise Problem("invalid", f"the body has more than {validation_errors.MAX_MEMBERS} fields")
    try:
        return body.validate_json(raw, by_name=False, context={"caller": caller})
    except ValidationError as error:
        raise Problem(*_refusal(raw, body, error)) from None


def _refusal(raw: bytes, body: TypeAdapter[Any], error: ValidationError) -> tuple[Code, str]:
    try:
        value = validation_errors.well_formed(raw, error)
    except validation_errors.NotJson as not_json:
        return "bad_request", f"the body {not_json}"
    return "invalid", validation_errors.broken_rule(body, value, error)
