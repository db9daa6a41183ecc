"""The HTTP application: routes, and what surrounds them all."""

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from gateway.api import openapi_docs
from gateway.api.routes.conversations import conversations_router
from gateway.api.routes.history import history_router
from gateway.api.routes.mark_read import mark_read_router
from gateway.api.routes.send_message import send_message_router
from gateway.api.routes.start_conversation import start_conversation_router
from gateway.api.routes.sync import sync_router
from gateway.auth.hosts import HostCheckMiddleware
from gateway.components import GatewayComponents
from gateway.request_logging import RequestLoggingMiddleware
from gateway.web.home import home_routes
from gateway.web.static_files import static_routes
from gateway.websocket.endpoint import mount, upgrade_required
from shared.http import problems
from shared.http.direct_routes import Shortcut
from shared.http.health import probes

PRIVATE_PATHS = "/messages"
"""No answer below it may be cached."""


def build_asgi_app(components: GatewayComponents) -> ASGIApp:
    """The application and what surrounds it, and the sockets beside them. What is set on the application
    itself does not reach the calls: they go past it (`Shortcut`)."""
    routers = build_routers(components)
    straight = Shortcut(build_fastapi_app(components, routers), routers)
    answering = mount(components.origins.cors(RequestLoggingMiddleware(straight)), components)
    return HostCheckMiddleware(answering, components.settings.hosts, loopback=components.settings.loopback)


def build_routers(components: GatewayComponents) -> list[APIRouter]:
    return [
        made(components)
        for made in (
            conversations_router,
            history_router,
            sync_router,
            start_conversation_router,
            send_message_router,
            mark_read_router,
        )
    ]


def build_fastapi_app(components: GatewayComponents, routers: list[APIRouter]) -> FastAPI:
    """Every route, and their description; `routers` as `calls` makes them."""
    app = FastAPIOffline(
        title="Parley",
        version="1",
        summary=openapi_docs.SUMMARY,
        description=openapi_docs.DESCRIPTION,
        generate_unique_id_function=openapi_docs.operation_id,
        redoc_url=None,
    )
    problems.install(app, docs="/docs")
    for router in routers:
        app.include_router(router)
    app.include_router(upgrade_required())
    app.include_router(
        probes(alive=lambda: components.critical_tasks.failures, ready=components.unready_reasons)
    )
    root = components.settings.web_root
    app.router.routes.extend(home_routes() if root is None else static_routes(root))
    openapi_docs.install_schemas(app)
    return app
