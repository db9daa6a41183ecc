"""Parses and authenticates REST calls. The order of the checks is part of the contract: 401 (with the scopes
of the token and `Act-As`), 429, 413, 400, 422, 403; 404 follows in the command or query. A call counts before
it is parsed: bad ones cost as much.

Every rule that a call can break by itself (400, 422) is checked while it is parsed, by the models of its
query and body: in a route it would come too late. Rules that depend on the caller find the user id in the
validation context, as `caller`.

The proven user is left in the scope, as `user`, for limits and logs.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from gateway import validation_errors
from gateway.api import header_fields
from gateway.api.limited_calls import LimitedCall
from gateway.api.query_params import QueryParams
from gateway.auth.authenticator import Authenticator, check_me_id
from gateway.auth.credentials import Credentials
from gateway.auth.origins import Origins, origin_not_allowed
from gateway.auth.principal import Principal
from gateway.auth.scopes import act_as
from shared.http.problems import Code, Problem
from shared.http.query_string import QueryString

Q = TypeVar("Q", bound=QueryParams)
B = TypeVar("B")

_BODY_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class RequestParser:
    authenticator: Authenticator
    origins: Origins
    max_body_bytes: int

    async def parse_query(
        self, request: Request, call: LimitedCall, model: type[Q], *, allow_act_as: bool = True
    ) -> tuple[Principal, Q]:
        """Admit the call; return the caller and the query. Raises Problem."""
        query_string = QueryString.parse(request.scope["query_string"])
        principal = await self._admit(request, call, query_string, allow_act_as=allow_act_as)
        query = _validate_query(query_string.single_values(model.names()), model)
        check_me_id(principal, query.me_id)
        return principal, query

    async def parse_query_and_body(
        self, request: Request, call: LimitedCall, body: TypeAdapter[B]
    ) -> tuple[Principal, B]:
        """Admit the call; return the caller and the body of a command. Raises Problem."""
        query_string = QueryString.parse(request.scope["query_string"])
        principal = await self._admit(request, call, query_string)
        raw = await _read_body(request, self.max_body_bytes)
        values = query_string.single_values(QueryParams.names())
        _require_utf8(request.headers.get("content-type", ""))
        content = _validate_body(raw, body, principal.user_id)
        query = _validate_query(values, QueryParams)
        if not self.origins.allows_request(request.headers):
            raise origin_not_allowed()
        check_me_id(principal, query.me_id)
        return principal, content

    async def _admit(
        self, request: Request, call: LimitedCall, query_string: QueryString, *, allow_act_as: bool = True
    ) -> Principal:
        """Authenticate the caller, and count the call."""
        credentials = Credentials.of_request(request.headers, query_string.values)
        principal = await self.authenticator.authenticate(credentials)
        request.scope["user"] = principal.user_id
        act_as_fields = request.headers.getlist("act-as")
        acting = act_as(principal, act_as_fields, is_allowed=allow_act_as)
        await call.admit(acting.user_id, service=principal.user_id if act_as_fields else None)
        return acting


async def parse_body(request: Request, body: TypeAdapter[B], *, max_bytes: int) -> B:
    """Return the body of a call whose caller is authenticated. Raises Problem (400, 413, 422)."""
    raw = await _read_body(request, max_bytes)
    _require_utf8(request.headers.get("content-type", ""))
    return _validate_body(raw, body)


def _validate_query(values: dict[str, str], model: type[Q]) -> Q:
    try:
        return model.model_validate(values, by_name=False)
    except ValidationError as error:
        raise Problem("invalid", validation_errors.describe(error)) from None


async def _read_body(request: Request, max_bytes: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:12]) > max_bytes:
        raise _body_too_big(max_bytes)
    received = bytearray()
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_SECONDS):
            async for chunk in request.stream():
                received += chunk
                if len(received) > max_bytes:
                    raise _body_too_big(max_bytes)
    except (TimeoutError, ClientDisconnect):
        raise Problem("bad_request", "the body did not arrive") from None
    return bytes(received)


def _body_too_big(max_bytes: int) -> Problem:
    return Problem("too_big", f"the body is larger than {max_bytes} bytes")


def _require_utf8(content_type: str) -> None:
    if header_fields.charset(content_type) not in (None, "utf-8", "utf8"):
        raise Problem("bad_request", "the body must be UTF-8")


def _validate_body(raw: bytes, body: TypeAdapter[B], caller: str | None = None) -> B:
    if validation_errors.oversized_object(raw) is not None:
        raise Problem("invalid", f"the body has more than {validation_errors.MAX_MEMBERS} fields")
    try:
        return body.validate_json(raw, by_name=False, context={"caller": caller})
    except ValidationError as error:
        raise Problem(*_body_error(raw, body, error)) from None


def _body_error(raw: bytes, body: TypeAdapter[Any], error: ValidationError) -> tuple[Code, str]:
    try:
        value = validation_errors.parse_strict(raw, error)
    except validation_errors.InvalidJson as invalid:
        return "bad_request", f"the body {invalid}"
    return "invalid", validation_errors.describe_violation(body, value, error)
