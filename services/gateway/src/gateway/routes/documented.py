"""What calls may answer, for OpenAPI: hot routes make answers themselves, FastAPI only describes them."""

from typing import Any

from fastapi import FastAPI

from gateway.routes.examples import EXAMPLES
from shared.problems import STATUS, ProblemDetails

_SAID = {
    400: "Not JSON, not UTF-8, or a parameter is missing or repeated.",
    401: "Nobody says who calls.",
    403: "`meId` is not the caller.",
    404: "No such conversation, or the caller is not a member of it.",
    410: "A position of another log.",
    413: "The body is too large.",
    422: "Well-formed, but a field breaks a rule; `detail` names it.",
    503: "Something behind the gateway is away or behind; safe to repeat after `Retry-After` seconds.",
}

Responses = dict[int | str, dict[str, Any]]


def success(status: int, said: str, model: type) -> Responses:
    return {status: {"description": said, "model": model}}


def problems(*statuses: int) -> Responses:
    """Those that every call has, and `statuses`."""
    return {status: _problem(status) for status in sorted({400, 401, 403, 422, 503, *statuses})}


def describe(app: FastAPI) -> None:
    """Add to the document of `app` what FastAPI cannot know: problems, and examples with nulls in them."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        schemas = document["components"]["schemas"]
        schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
        for name, example in EXAMPLES.items():
            schemas[name]["examples"] = [example]
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def _problem(status: int) -> dict[str, Any]:
    code = next(code for code, its in STATUS.items() if its == status)
    example = {"title": "…", "status": status, "code": code, "detail": "…"}
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    content = {"application/problem+json": {"schema": schema, "example": example}}
    answer: dict[str, Any] = {"description": _SAID[status], "content": content}
    if status == 503:
        answer["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return answer
