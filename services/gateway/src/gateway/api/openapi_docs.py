"""OpenAPI of requests and responses. Routes parse and encode by themselves; FastAPI only describes them.

Schemas come from `schema_generator`, like those of all other documents of the contract: requests are closed,
responses are open, since fields may be added.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from gateway.api.limited_calls import RATE_LIMIT_DOCS
from gateway.api.pages import ConversationPage, MessagePage, SyncPage, WebSocketTicket
from gateway.api.query_params import QueryParams
from gateway.api.schema_generator import components
from gateway.auth.authenticator import unauthenticated
from gateway.auth.hosts import misdirected_request
from gateway.commands.registry import COMMANDS
from gateway.examples import EXAMPLES
from shared.contract.frames import Conversation, Message
from shared.http.problems import Code, Problem, ProblemDetails, internal_error
from shared.http.refusals import MAX_REQUEST_LINE_BYTES, head_too_large

SUMMARY = "Messages that are never lost and never doubled."
DESCRIPTION = """\
Start with `startConversation` as it is printed: all other examples show that conversation.

New messages arrive over a WebSocket: connect to `ws://<host>/ws` with the same `Authorization`, with the
sub-protocols `parley.v1, bearer.<token>`, or with `AUTH=dev` as `/ws?token=<user id>`; its frames are
described in `docs/contract`.

Before any call: a request line above 8 KiB gets 414, a head above 16 KiB or of more than 100 fields 431, one
that is not whole within 10 s 408 (all problems; code `too_big` or `bad_request`), and the connection is
closed. So is one whose answer is not read for 30 s. At `MAX_CONNECTIONS` a new one may get 503, at
`ADDRESS_CONNECTIONS` 429."""

Details = Mapping[Code, str]
"""The most likely detail of a problem, by its code."""

_BODIES: tuple[type[BaseModel], ...] = tuple(command.body for command in COMMANDS)
_RESULTS = tuple(model for command in COMMANDS for _, model in command.docs.responses.values())
_RESPONSES: tuple[type[BaseModel], ...] = (
    *(Message, Conversation, ConversationPage, MessagePage, SyncPage, WebSocketTicket, ProblemDetails),
    *_RESULTS,
)
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token of the deployment's issuer. With `AUTH=dev` the user id itself; then "
    "without a token `meId` names the caller.",
}
_ACT_AS = {
    "name": "Act-As",
    "in": "header",
    "required": False,
    "description": "The user for whom a service makes this call: only with the scope `service`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
}
_ALWAYS: Details = {
    "bad_request": "meId: is repeated",
    "unauthenticated": unauthenticated().detail,
    "forbidden": "meId is not the authenticated user",
    "invalid": "meId: must not begin or end with white space",
    "too_many": "more than 50 calls a second; repeat it later",
    "internal": internal_error().detail,
    "unavailable": "the read models do not answer",
}
_SOMETIMES: Details = {
    "not_found": "conversation not found, or you don't have access",
    "cursor_unusable": "position: is of another log",
    "too_big": "the body is larger than 65536 bytes",
    "projection_behind": "the read models are behind; try again",
}
STATUS_DESCRIPTIONS = {
    400: "Not JSON, not UTF-8, no or two `Host` headers, or a parameter is missing or repeated.",
    401: "Missing credentials, or `Authorization` is anything but one valid Bearer token.",
    403: "`meId` is not the caller; the token lacks the scope for this call; or a write comes from a page "
    "whose origin is not allowed.",
    404: "No such conversation, or the caller is not a member of it.",
    410: "A position or cursor of another log, or another user's cursor: fetch everything again.",
    413: "The body is too large.",
    414: "The request line is above 8 KiB.",
    421: "`Host` is not one of this gateway's names.",
    422: "Well-formed, but a field breaks a rule; `detail` names it.",
    429: "Too many requests; safe to repeat after `Retry-After` seconds.",
    431: "The head is above 16 KiB, or has more than 100 fields.",
    500: "Internal server error.",
    503: "A service behind the gateway is unavailable or behind; safe to repeat after `Retry-After` seconds.",
}

Responses = dict[int | str, dict[str, Any]]


def request_docs(
    query: type[QueryParams],
    *headers: dict[str, Any],
    body: type[BaseModel] | None = None,
    allow_act_as: bool = True,
) -> dict[str, Any]:
    """Describe the parameters and the body of a call."""
    docs: dict[str, Any] = {
        "parameters": [*query.openapi_parameters(), *([_ACT_AS] if allow_act_as else []), *headers],
        "security": [{"bearer": []}, {}],
    }
    if body is not None:
        example = {field.alias: field.examples[0] for field in body.model_fields.values() if field.examples}
        content = {"schema": _reference(body), "example": example}
        docs["requestBody"] = {"required": True, "content": {"application/json": content}}
    return docs


def response_docs(status: int, description: str, model: type[BaseModel]) -> Responses:
    content = {"application/json": {"schema": _reference(model)}}
    return {status: {"description": description, "content": content, "headers": RATE_LIMIT_DOCS}}


def problem_docs(*codes: Code, details: Details) -> Responses:
    """Describe every problem that a call can answer: those of all calls, `codes`, and the codes in `details`,
    which holds the most likely details of this call."""
    by_code = {**_ALWAYS, **{code: _SOMETIMES[code] for code in codes}, **details}
    problems = [Problem(code, detail) for code, detail in by_code.items()]
    problems += [
        misdirected_request(),
        head_too_large(b"GET", b"a" * MAX_REQUEST_LINE_BYTES),
        head_too_large(b"GET", b""),
    ]
    statuses = sorted({problem.status for problem in problems})
    return {
        status: _problem_response([problem for problem in problems if problem.status == status])
        for status in statuses
    }


def operation_id(route: APIRoute) -> str:
    """The name that generated clients give their function."""
    return to_camel(route.name)


def install_schemas(app: FastAPI) -> None:
    """Add the schemas to the document of `app`."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        schemas = components(_RESPONSES, "serialization") | components(_BODIES, "validation")
        for name, example in EXAMPLES.items():
            schemas[name]["examples"] = [example]
        document["components"] = {"schemas": schemas, "securitySchemes": {"bearer": _BEARER}}
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _problem_response(problems: Sequence[Problem]) -> dict[str, Any]:
    """Describe the problems of one status, with an example of each code."""
    first, examples = problems[0], {problem.code: {"value": problem.body} for problem in problems}
    response: dict[str, Any] = {
        "description": STATUS_DESCRIPTIONS[first.status],
        "content": {"application/problem+json": {"schema": _reference(ProblemDetails), "examples": examples}},
    }
    headers: dict[str, Any] = RATE_LIMIT_DOCS if first.code == "too_many" else {}
    if first.retry_after is not None:
        headers = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}, **headers}
    return response | ({"headers": headers} if headers else {})
