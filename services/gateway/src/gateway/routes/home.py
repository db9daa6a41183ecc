"""GET /"""

from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import HTMLResponse


def home() -> APIRouter:
    router = APIRouter()
    page = files("gateway").joinpath("home.html").read_text(encoding="utf-8")

    @router.get("/", include_in_schema=False)
    async def show() -> HTMLResponse:
        return HTMLResponse(page)

    return router
