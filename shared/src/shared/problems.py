"""How every HTTP error looks: RFC 9457 problem details with a stable `code`."""

from http import HTTPStatus
from typing import NoReturn

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.vocabulary import Wire, is_none

STATUS = {
    "bad_request": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "cursor_unusable": 410,
    "too_big": 413,
    "invalid": 422,
    "cursor_invalid": 422,
    "group_full": 422,
    "not_a_group": 422,
    "too_many": 429,
    "internal": 500,
    "unavailable": 503,
    "projection_behind": 503,
}
_CODE_OF = {400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found"} | {
    405: "method_not_allowed"
}


class ProblemDetails(Wire):
    """application/problem+json"""

    title: str
    status: int
    code: str
    detail: str = Field(default="", exclude_if=is_none)


class Problem(Exception):
    """Answered as its problem document. `retry_after` in seconds."""

    def __init__(self, code: str, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.retry_after = retry_after if retry_after is not None or STATUS[code] not in (429, 503) else 1

    def response(self) -> Response:
        status = STATUS[self.code]
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        title = HTTPStatus(status).phrase
        body = {"title": title, "status": status, "code": self.code, "detail": self.detail}
        return Response(orjson.dumps(body), status, headers, "application/problem+json")


def not_found() -> NoReturn:
    """The one answer for "no such conversation" and "not yours": a stranger learns nothing from it."""
    raise Problem("not_found", "no such conversation, or you are not a member of it")


def install(app: FastAPI) -> None:
    """Every error of `app` becomes a problem document."""

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> Response:
        return error.response()

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        response = Problem(_CODE_OF.get(error.status_code, "bad_request"), str(error.detail)).response()
        response.status_code = error.status_code
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return Problem("invalid", f"{place}: {first['msg']}").response()

    @app.exception_handler(Exception)
    async def internal(_: Request, __: Exception) -> Response:
        return Problem("internal", "this is our fault; the log has the details").response()
