"""A gateway with canned responses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Responses = list[tuple[int, dict[str, Any]]]


@asynccontextmanager
async def scripted_gateway(responses: Responses) -> AsyncIterator[str]:
    """Yield its URL. Each request takes the first of `responses`; without any left, it answers 503."""

    async def respond(_: web.Request) -> web.Response:
        status, body = responses.pop(0) if responses else (503, {})
        return web.json_response(body, status=status)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", respond)
    async with TestServer(application) as server:
        yield str(server.make_url("")).rstrip("/")
