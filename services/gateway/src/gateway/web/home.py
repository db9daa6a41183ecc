"""GET / without a web client: a page that names the documentation."""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route


def home_routes() -> list[Route]:
    page = files("gateway").joinpath("home.html").read_text(encoding="utf-8")

    async def get_home(_: Request) -> HTMLResponse:
        return HTMLResponse(page)

    return [Route("/", get_home)]
