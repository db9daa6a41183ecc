"""POST routes of all commands that the registry lists."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from gateway.api import prefer_header
from gateway.api.limited_calls import LimitedCall, limited
from gateway.api.openapi_docs import Responses, problem_docs, request_docs, response_docs
from gateway.api.query_params import QueryParams
from gateway.api.request_parsing import parse_query_and_body
from gateway.auth.origins import Origins
from gateway.commands.command import Command
from gateway.limits.user_limits import UserLimits
from shared.http.problems import Problem
from shared.kafka import Unconfirmed


def commands_router(
    commands: Iterable[Command[Any]], origins: Origins, limits: UserLimits, *, max_body_bytes: int
) -> APIRouter:
    router = APIRouter(tags=["writing"])
    for command in commands:
        _add_route(router, command, origins, limits, max_body_bytes)
    return router


def _add_route(
    router: APIRouter, command: Command[Any], origins: Origins, limits: UserLimits, max_body_bytes: int
) -> None:
    docs, body_adapter = command.docs, TypeAdapter(command.body)

    @limited(limits, command.rate)
    async def execute(request: Request, call: LimitedCall) -> Response:
        user, body = await parse_query_and_body(
            request, call, body_adapter, origins=origins, max_body_bytes=max_body_bytes
        )
        wait = prefer_header.parse_wait(request.headers.getlist("prefer")) if docs.accepts_wait else None
        try:
            result = await command.execute(user, body, wait)
        except Unconfirmed:
            raise Problem("unavailable", docs.details["unavailable"]) from None
        return Response(result.body, result.status, result.headers, "application/json")

    responses: Responses = {}
    for status, (description, model) in docs.responses.items():
        responses |= response_docs(status, description, model)
    headers = [prefer_header.DOCS] if docs.accepts_wait else []
    router.add_api_route(
        docs.path,
        execute,
        methods=["POST"],
        name=docs.operation,
        summary=docs.summary,
        description=docs.description,
        status_code=next(iter(docs.responses)),
        responses=responses | problem_docs(*docs.codes, details=docs.details),
        openapi_extra=request_docs(QueryParams, *headers, body=command.body),
    )
