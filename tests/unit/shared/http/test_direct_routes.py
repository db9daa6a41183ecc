"""A direct route answers clients exactly as through FastAPI."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response

from shared.http import problems
from shared.http.direct_routes import DirectRoutes
from shared.http.problems import Problem


def _way(request: Request) -> Response:
    through = "fastapi_inner_astack" in request.scope
    return Response(f"{'through FastAPI' if through else 'straight'} to {request.scope['route'].path}")


def _routes() -> APIRouter:
    router = APIRouter()

    @router.get("/page")
    async def page(request: Request) -> Response:
        return _way(request)

    @router.get("/pages/{number}")
    async def numbered(request: Request) -> Response:
        return _way(request)

    @router.get("/limited")
    async def limited(request: Request, limit: int) -> Response:
        return _way(request)

    @router.get("/refused")
    async def refused(request: Request) -> Response:
        raise Problem("unavailable", "not now")

    return router


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app, router = FastAPI(), _routes()
    problems.install_problem_handlers(app)
    app.include_router(router)
    entrance = DirectRoutes(app, [router])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(entrance), base_url="http://here") as client:
        yield client


async def test_a_route_that_takes_only_the_request_bypasses_fastapi(http: httpx.AsyncClient) -> None:
    assert (await http.get("/page?limit=1")).text == "straight to /page"


async def test_routes_that_leave_something_to_fastapi_go_through_it(http: httpx.AsyncClient) -> None:
    assert (await http.get("/pages/1")).text == "through FastAPI to /pages/{number}"
    assert (await http.get("/limited?limit=1")).text == "through FastAPI to /limited"


async def test_what_a_route_refuses_is_a_problem_document(http: httpx.AsyncClient) -> None:
    answer = await http.get("/refused")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"


async def test_other_methods_and_paths_are_fastapis(http: httpx.AsyncClient) -> None:
    assert (await http.post("/page")).status_code == 405
    assert (await http.get("/nowhere")).json()["code"] == "not_found"
