"""What every call may answer besides success, for OpenAPI."""

from typing import Any

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


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: _problem(status) for status in sorted({400, 401, 403, 422, 503, *statuses})}


def success(status: int, said: str, model: type, example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    content = {"application/json": {"example": example}}
    return {status: {"description": said, "model": model, "content": content}}


def _problem(status: int) -> dict[str, Any]:
    code = next(code for code, its in STATUS.items() if its == status)
    example = {"title": "…", "status": status, "code": code, "detail": "…"}
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    answer: dict[str, Any] = {
        "description": _SAID[status],
        "model": ProblemDetails,
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }
    if status == 503:
        answer["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return answer
