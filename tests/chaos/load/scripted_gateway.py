"""A gateway that answers as a test says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Answers = list[tuple[int, dict[str, Any]]]


@asynccontextmanager
async def scripted(answers: Answers) -> AsyncIterator[str]:
    """Its address. What was answered is taken out of `answers`; with none left, it is unavailable."""

    async def answer(_: web.Request) -> web.Response:
        status, told = answers.pop(0) if answers else (503, {})
        return web.json_response(told, status=status)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application) as server:
        yield str(server.make_url("")).rstrip("/")
