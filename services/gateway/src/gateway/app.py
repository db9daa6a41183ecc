"""The HTTP application: all routes, and the middleware around them."""

from functools import partial

from fastapi import APIRouter, FastAPI, Request
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from gateway.api import openapi_docs
from gateway.api.request_parsing import RequestParser
from gateway.api.routes.commands import commands_router
from gateway.api.routes.conversations import conversations_router
from gateway.api.routes.history import history_router
from gateway.api.routes.revoke import revoke_router
from gateway.api.routes.sync import sync_router
from gateway.api.routes.ws_tickets import ws_tickets_router
from gateway.auth.hosts import HostCheckMiddleware
from gateway.auth.scopes import authenticate_operator
from gateway.components import GatewayComponents
from gateway.proxies.client_scope import with_client_address
from gateway.proxies.root_path import RootPath
from gateway.requests.request_logging import RequestLoggingMiddleware
from gateway.requests.request_tracing import traced
from gateway.web.client_config import client_config_route
from gateway.web.home import home_routes
from gateway.web.static_files import static_routes
from gateway.websocket.endpoint import upgrade_required
from shared.http import problems
from shared.http.connections import AddressConnections
from shared.http.direct_routes import DirectRoutes
from shared.http.health import health_routes
from shared.http.server import NO_TELEMETRY, ServerOptions
from shared.service.admin_app import OperatorCalls

PRIVATE_PATHS = "/messages"
"""Responses below this path must not be cached."""
HSTS = ("Strict-Transport-Security", "max-age=31536000")
"""Browsers come by TLS only, for a year from their last visit. Other names of the domain are not Parley's."""


def build_asgi_app(components: GatewayComponents) -> ASGIApp:
    """Build the application with its middleware, and the WebSocket endpoint beside it. Middleware added to
    the FastAPI application itself does not reach the calls: `DirectRoutes` bypasses it."""
    routers, settings = build_routers(components), components.settings
    root_path = RootPath(settings.root_path)
    direct = DirectRoutes(root_path.restore(build_fastapi_app(components, routers)), routers)
    http = components.origins.cors(traced(RequestLoggingMiddleware(direct), components.tracer))
    checked = HostCheckMiddleware(
        components.websocket.mount(http), settings.hosts, loopback=settings.loopback
    )
    limited = components.address_limits.limit_requests(checked)
    return with_client_address(root_path.strip(limited), settings.proxies)


def server_options(components: GatewayComponents) -> ServerOptions:
    """What the server itself needs to know of the gateway."""
    settings = components.settings
    return ServerOptions(
        private_paths=RootPath(settings.root_path).spellings(PRIVATE_PATHS),
        headers=[HSTS] if settings.is_https else [],
        address_connections=AddressConnections(settings.address_connections, components.address_limits.key),
    )


def build_routers(components: GatewayComponents) -> list[APIRouter]:
    store, producer, limits = components.store, components.producer, components.limits
    parser = RequestParser(components.authenticator, components.origins, components.settings.max_body)
    return [
        conversations_router(parser, limits, store, producer),
        history_router(parser, limits, store, producer),
        sync_router(parser, limits, store, producer),
        commands_router(parser, limits, components.commands),
        ws_tickets_router(parser, limits, components.tickets),
    ]


def build_operator_calls(components: GatewayComponents) -> OperatorCalls:
    """Build the calls of the administration port."""
    authenticate = partial(authenticate_operator, components.authenticator)

    async def require_operator(request: Request) -> None:
        await authenticate(request.headers)

    return OperatorCalls([revoke_router(authenticate, components.writer)], require_operator)


def build_fastapi_app(components: GatewayComponents, routers: list[APIRouter]) -> FastAPI:
    """Build the application that describes every route, and answers those that `DirectRoutes` does not."""
    app = FastAPIOffline(
        title="Parley",
        version="1",
        summary=openapi_docs.SUMMARY,
        description=openapi_docs.DESCRIPTION,
        generate_unique_id_function=openapi_docs.operation_id,
        redoc_url=None,
        telemetry=NO_TELEMETRY,
    )
    problems.install_problem_handlers(app, docs="/docs")
    for router in routers:
        app.include_router(router)
    app.include_router(upgrade_required())
    app.include_router(health_routes(components.health))
    settings = components.settings
    root, issuer = settings.web_root, settings.oidc_origins
    app.router.routes.append(client_config_route(settings))
    app.router.routes.extend(home_routes() if root is None else static_routes(root, connect_to=issuer))
    openapi_docs.install_schemas(app)
    return app
