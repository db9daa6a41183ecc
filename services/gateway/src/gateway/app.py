"""The HTTP application: routes, and what surrounds them all."""

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from gateway.api import openapi_docs
from gateway.api.routes.conversations import conversations
from gateway.api.routes.history import history
from gateway.api.routes.mark_read import read
from gateway.api.routes.send_message import messages
from gateway.api.routes.start_conversation import start
from gateway.api.routes.sync import sync
from gateway.auth.hosts import Hosts
from gateway.components import Door
from gateway.request_logging import Tracing
from gateway.web.home import home
from gateway.web.static_files import web
from gateway.websocket.endpoint import beside, plain
from shared.http import problems
from shared.http.direct_routes import DirectRoutes
from shared.http.health import health_routes

PRIVATE = "/messages"
"""No answer below it may be cached."""


def entrance(door: Door) -> ASGIApp:
    """The application and what surrounds it, and the sockets beside them. What is set on the application
    itself does not reach the calls: they go past it (`Shortcut`)."""
    routers = calls(door)
    straight = DirectRoutes(application(door, routers), routers)
    answering = beside(door.origins.cors(Tracing(straight)), door)
    return Hosts(answering, door.settings.hosts, loopback=door.settings.loopback)


def calls(door: Door) -> list[APIRouter]:
    return [made(door) for made in (conversations, history, sync, start, messages, read)]


def application(door: Door, routers: list[APIRouter]) -> FastAPI:
    """Every route, and their description; `routers` as `calls` makes them."""
    app = FastAPIOffline(
        title="Parley",
        version="1",
        summary=openapi_docs.SUMMARY,
        description=openapi_docs.DESCRIPTION,
        generate_unique_id_function=openapi_docs.named,
        redoc_url=None,
    )
    problems.install_problem_handlers(app, docs="/docs")
    for router in routers:
        app.include_router(router)
    app.include_router(plain())
    app.include_router(health_routes(alive=lambda: door.vital.lost, ready=door.not_ready))
    root = door.settings.web_root
    app.router.routes.extend(home() if root is None else web(root))
    openapi_docs.describe(app)
    return app
