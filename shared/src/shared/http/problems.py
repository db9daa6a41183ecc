"""HTTP errors as RFC 9457 problem details with a stable `code`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal, NoReturn, cast

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shared.contract.fields import WireModel
from shared.runtime import security_events

Code = Literal[
    "bad_request",
    "unauthenticated",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "cursor_unusable",
    "too_big",
    "invalid",
    "cursor_invalid",
    "too_many",
    "internal",
    "unavailable",
    "projection_behind",
]
"""Every `code` of a problem document; docs/contract/README.md lists them."""

STATUS: dict[str, int] = {
    "bad_request": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "cursor_unusable": 410,
    "too_big": 413,
    "invalid": 422,
    "cursor_invalid": 422,
    "too_many": 429,
    "internal": 500,
    "unavailable": 503,
    "projection_behind": 503,
}
InternalCode = Literal["busy", "database_away", "protocol_mismatch"]
"""What message-store answers besides; a gateway does not pass these on."""

_STATUS = STATUS | {"busy": 503, "database_away": 503, "protocol_mismatch": 400}
_CODE_OF: dict[int, Code] = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    414: "too_big",
    429: "too_many",
    431: "too_big",
    500: "internal",
}


_SECURITY_STATUS = (401, 403, 421, 429)


class ProblemDetails(WireModel):
    """application/problem+json"""

    title: str
    status: int
    code: str = Field(description=f"One of {', '.join(STATUS)}; more may come.")
    detail: str


class Problem(Exception):
    """An error that is answered with its problem document. `retry_after` is in seconds; `status` replaces the
    code's own."""

    def __init__(
        self,
        code: Code | InternalCode,
        detail: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.status = status or _STATUS[code]
        self.headers = dict(headers or {})
        self.retry_after = retry_after if retry_after is not None or self.status not in (429, 503) else 1

    @property
    def body(self) -> dict[str, Any]:
        title = HTTPStatus(self.status).phrase
        return {"title": title, "status": self.status, "code": self.code, "detail": self.detail}

    def response(self) -> Response:
        headers = self.headers | ({} if self.retry_after is None else {"Retry-After": str(self.retry_after)})
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        return _ProblemResponse(self, headers)


class _ProblemResponse(Response):
    """Records refusals as security events when they are sent."""

    def __init__(self, problem: Problem, headers: Mapping[str, str]) -> None:
        super().__init__(orjson.dumps(problem.body), problem.status, headers, "application/problem+json")
        self._reason = problem.detail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.status_code in _SECURITY_STATUS:
            client = scope.get("client")
            security_events.record(
                cast("security_events.Kind", str(self.status_code)),
                client=client[0] if client else None,
                user=scope.get("user"),
                reason=self._reason,
            )
        await super().__call__(scope, receive, send)


def not_found() -> NoReturn:
    """Raise the one Problem for a conversation that does not exist and for one of others, so that it reveals
    nothing."""
    raise Problem("not_found", "conversation not found, or you don't have access")


def problem_for_status(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Problem:
    """Return the Problem of an error that is known by its status alone."""
    return Problem(_CODE_OF.get(status, "bad_request"), detail, status=status, headers=headers)


def internal_error() -> Problem:
    return Problem("internal", "internal server error")


def install_problem_handlers(app: FastAPI, *, docs: str | None = None) -> None:
    """Answer every error of `app` with a problem document. `docs`: the path of its documentation."""
    app.router.redirect_slashes = False  # a redirect has no problem document
    unknown = "no such resource" + (f"; the calls are described at {docs}" if docs else "")

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> Response:
        return error.response()

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if "Allow" in headers:
            headers["Allow"] = _with_head(headers["Allow"])
        details = {404: unknown, 405: f"use {headers.get('Allow', 'another method')}"}
        detail = details.get(error.status_code, str(error.detail))
        return problem_for_status(error.status_code, detail, headers).response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return Problem("invalid", f"{place}: {first['msg']}").response()

    app.add_exception_handler(Exception, handle_unexpected)


def _with_head(methods: str) -> str:
    """Return the value of `Allow`, with HEAD wherever GET is (`head_requests`)."""
    given = {method.strip() for method in methods.split(",")}
    return ", ".join(sorted(given | {"HEAD"} if "GET" in given else given))


async def handle_unexpected(_: Request, __: Exception) -> Response:
    return internal_error().response()
