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
from gateway.api.request_parsing import RequestParser
from gateway.commands.command import Command
from gateway.commands.outcomes import outcomes_of
from gateway.limits.user_limits import UserLimits
from shared.http.problems import Problem
from shared.kafka import Unconfirmed


def commands_router(parser: RequestParser, limits: UserLimits, commands: Iterable[Command[Any]]) -> APIRouter:
    router = APIRouter(tags=["writing"])
    for command in commands:
        _add_route(router, parser, limits, command)
    return router


def _add_route(router: APIRouter, parser: RequestParser, limits: UserLimits, command: Command[Any]) -> None:
    docs, body_adapter = command.docs, TypeAdapter(command.body)
    outcomes = outcomes_of(docs.operation)

    @limited(limits, command.rate)
    async def execute(request: Request, call: LimitedCall) -> Response:
        principal, body = await parser.parse_query_and_body(request, call, body_adapter)
        wait = prefer_header.parse_wait(request.headers.getlist("prefer")) if docs.accepts_wait else None
        try:
            with outcomes:
                result = await command.execute(principal.user_id, body, wait)
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
