"""The HTTP application: routes, and what surrounds them all."""

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from gateway.door import Door
from gateway.hosts import Hosts
from gateway.routes import documented
from gateway.routes.conversations import conversations
from gateway.routes.history import history
from gateway.routes.home import home
from gateway.routes.messages import messages
from gateway.routes.read import read
from gateway.routes.socket import beside, plain
from gateway.routes.start import start
from gateway.routes.sync import sync
from gateway.tracing import Tracing
from gateway.web import web
from shared import problems
from shared.probes import probes
from shared.shortcut import Shortcut

PRIVATE = "/messages"
"""No answer below it may be cached."""


def entrance(door: Door) -> ASGIApp:
    """The application and what surrounds it, and the sockets beside them. What is set on the application
    itself does not reach the calls: they go past it (`Shortcut`)."""
    routers = calls(door)
    straight = Shortcut(application(door, routers), routers)
    answering = beside(door.origins.cors(Tracing(straight)), door)
    return Hosts(answering, door.settings.hosts, loopback=door.settings.loopback)


def calls(door: Door) -> list[APIRouter]:
    return [made(door) for made in (conversations, history, sync, start, messages, read)]


def application(door: Door, routers: list[APIRouter]) -> FastAPI:
    """Every route, and their description; `routers` as `calls` makes them."""
    app = FastAPIOffline(
        title="Parley",
        version="1",
        summary=documented.SUMMARY,
        description=documented.DESCRIPTION,
        generate_unique_id_function=documented.named,
        redoc_url=None,
    )
    problems.install(app, docs="/docs")
    for router in routers:
        app.include_router(router)
    app.include_router(plain())
    app.include_router(probes(alive=lambda: door.vital.lost, ready=door.not_ready))
    root = door.settings.web_root
    app.router.routes.extend(home() if root is None else web(root))
    documented.describe(app)
    return app
