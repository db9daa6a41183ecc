"""What calls take and answer, for OpenAPI: hot routes do it themselves, FastAPI only describes them.

Schemas are made like those of all other documents of the contract (tools.contract): what clients send is
closed, what they get is open, since fields may be added.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from gateway.api.examples import EXAMPLES
from gateway.api.query_params import Query
from gateway.api.schemas import (
    Accepted,
    AcceptedMessage,
    ConversationPage,
    MessagePage,
    NewConversation,
    NewMessage,
    NewRead,
    SyncPage,
)
from gateway.auth.hosts import misdirected
from shared.contract.frames import Conversation, Message
from shared.http.problems import Code, Problem, ProblemDetails, internal_error
from shared.http.refusals import MAX_REQUEST_LINE_BYTES, head_too_large
from tools.contract.schemas import components

SUMMARY = "Messages that are never lost and never doubled."
DESCRIPTION = """\
Begin with `startConversation` as it is printed: all other examples are of that conversation.

New messages come over a WebSocket: connect to `ws://<host>/ws?token=<user id>`; its frames are not part of
this document but described in `docs/contract`.

Before any call: a request line above 8 KiB gets 414, a head above 16 KiB or of more than 100 fields 431, one
that is not whole within 10 s 408 (all problems; code `too_big` or `bad_request`), and the connection is
closed. So is one whose answer is not read for 30 s. At `MAX_CONNECTIONS` a new one may get 503."""

Details = dict[Code, str]
"""What a problem most likely says, by its code."""

_BODIES = (NewConversation, NewMessage, NewRead)
_ANSWERS = (
    Message,
    Conversation,
    ConversationPage,
    MessagePage,
    SyncPage,
    Accepted,
    AcceptedMessage,
    ProblemDetails,
)
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "With `AUTH=dev` the user id itself. Without a token `meId` says who calls.",
}
_ALWAYS: Details = {
    "bad_request": "meId: is repeated",
    "unauthenticated": "say who you are: Authorization: Bearer <user id>, or meId=<user id>",
    "forbidden": "meId is not you",
    "invalid": "meId: must not begin or end with white space",
    "internal": internal_error().detail,
    "unavailable": "the read models do not answer",
}
_SOMETIMES: Details = {
    "not_found": "no such conversation, or you are not a member of it",
    "cursor_unusable": "position: is of another log",
    "too_big": "the body is larger than 65536 bytes",
    "projection_behind": "the read models are not there yet",
}
_SAID = {
    400: "Not JSON, not UTF-8, no or two `Host` headers, or a parameter is missing or repeated.",
    401: "Nobody says who calls, or `Authorization` is anything but one Bearer token that is a user id.",
    403: "`meId` is not the caller; or, of a write, the page that calls is of an origin that is not allowed.",
    404: "No such conversation, or the caller is not a member of it.",
    410: "A position or cursor of another log, or another user's cursor: read anew.",
    413: "The body is too large.",
    414: "The request line is above 8 KiB.",
    421: "`Host` is none of this gateway's names.",
    422: "Well-formed, but a field breaks a rule; `detail` names it.",
    431: "The head is above 16 KiB, or has more than 100 fields.",
    500: "A fault of the gateway's own.",
    503: "Something behind the gateway is away or behind; safe to repeat after `Retry-After` seconds.",
}

Responses = dict[int | str, dict[str, Any]]


def asked(
    query: type[Query], *headers: dict[str, Any], body: type[BaseModel] | None = None
) -> dict[str, Any]:
    """What a call takes."""
    taken: dict[str, Any] = {
        "parameters": [*query.described(), *headers],
        "security": [{"bearer": []}, {}],
    }
    if body is not None:
        example = {field.alias: field.examples[0] for field in body.model_fields.values() if field.examples}
        content = {"schema": _reference(body), "example": example}
        taken["requestBody"] = {"required": True, "content": {"application/json": content}}
    return taken


def success(status: int, said: str, model: type[BaseModel]) -> Responses:
    return {status: {"description": said, "content": {"application/json": {"schema": _reference(model)}}}}


def problems(*codes: Code, said: Details) -> Responses:
    """All that a call may be refused with: what every call may be, `codes`, and those in `said`, which holds
    what this call is most likely to say."""
    details = _ALWAYS | {code: _SOMETIMES[code] for code in codes} | said
    shown = [Problem(code, detail) for code, detail in details.items()]
    shown += [
        misdirected(),
        head_too_large(b"GET", b"a" * MAX_REQUEST_LINE_BYTES),
        head_too_large(b"GET", b""),
    ]
    statuses = sorted({problem.status for problem in shown})
    return {status: _answer([each for each in shown if each.status == status]) for status in statuses}


def named(route: APIRoute) -> str:
    """The operationId: what a client's generator will call its function."""
    return to_camel(route.name)


def describe(app: FastAPI) -> None:
    """Add the schemas to the document of `app`."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        schemas = components(_ANSWERS, "serialization") | components(_BODIES, "validation")
        for name, example in EXAMPLES.items():
            schemas[name]["examples"] = [example]
        document["components"] = {"schemas": schemas, "securitySchemes": {"bearer": _BEARER}}
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _answer(problems: Sequence[Problem]) -> dict[str, Any]:
    """The problems of one status, an example of each by its code."""
    problem, examples = problems[0], {each.code: {"value": each.body} for each in problems}
    answer: dict[str, Any] = {
        "description": _SAID[problem.status],
        "content": {"application/problem+json": {"schema": _reference(ProblemDetails), "examples": examples}},
    }
    if problem.retry_after is not None:
        answer["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return answer
