"""What a well-formed call is. The order of the checks is part of the contract: 401, 413, 400, 422, 403;
404 is left to who knows the conversation.

All that a call may break by itself (400, 422) is found while it is read, by the models of its query and its
body: a rule of a route's own would come too late. Rules that depend on who calls find that in the validation
context, as `caller`."""

import asyncio
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote_to_bytes

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

Q = TypeVar("Q", bound=Query)
B = TypeVar("B")

_BODY_WITHIN = 10.0


class Fields(NamedTuple):
    """A query string, taken apart. Unreadable ones are kept, for the order of the checks."""

    values: dict[str, list[str]]
    complaint: str | None

    @classmethod
    def parse(cls, raw: bytes) -> "Fields":
        values: dict[str, list[str]] = {}
        complaint = None
        for field in raw.split(b"&") if raw else ():
            name, _, value = field.replace(b"+", b" ").partition(b"=")
            try:
                values.setdefault(unquote_to_bytes(name).decode(), []).append(
                    unquote_to_bytes(value).decode()
                )
            except UnicodeDecodeError:
                values.setdefault(unquote_to_bytes(name).decode(errors="replace"), [])
                complaint = "the query is not percent-encoded UTF-8"
        return cls(values, complaint)

    def single(self, model: type[Query]) -> dict[str, str]:
        """Raises Problem (400) for what is unreadable, repeated or missing; what is unknown is left out."""
        if self.complaint:
            raise Problem("bad_request", self.complaint)
        for name, required in model.parameters():
            count = len(self.values.get(name, ()))
            if count > 1 or (required and count == 0):
                raise Problem("bad_request", f"{name}: is {'repeated' if count else 'missing'}")
        return {name: self.values[name][0] for name, _ in model.parameters() if name in self.values}


async def read(request: Request, model: type[Q]) -> tuple[str, Q]:
    """The caller's user id and the query. Raises Problem."""
    fields = Fields.parse(request.scope["query_string"])
    caller = authentication.identify(request.headers, fields.values)
    query = _query(fields.single(model), model)
    return caller.agreed(query.me_id), query


async def read_with_body(request: Request, body: TypeAdapter[B], door: Door) -> tuple[str, B]:
    """The caller's user id and the body of a call that writes. Raises Problem."""
    fields = Fields.parse(request.scope["query_string"])
    caller = authentication.identify(request.headers, fields.values)
    raw = await _bounded(request, door.settings.max_body)
    single = fields.single(Query)
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
