"""WS /ws"""

from fastapi import APIRouter
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from gateway.components import GatewayComponents
from gateway.websocket import session
from shared.http.problems import Problem

_NO_SOCKET = Problem("not_found", "the WebSocket is at /ws")


def mount(app: ASGIApp, components: GatewayComponents) -> ASGIApp:
    """Sockets do not go through what surrounds the routes of `app`: they stay for hours, and each layer with
    them."""

    async def enter(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            websocket = WebSocket(scope, receive, send)
            if scope["path"] == "/ws":
                await session.serve_connection(components, websocket)
            else:
                await websocket.send_denial_response(_NO_SOCKET.response())
        else:
            await app(scope, receive, send)

    return enter


def upgrade_required() -> APIRouter:
    """Who calls it over HTTP is told."""
    router = APIRouter()

    @router.get("/ws", include_in_schema=False)
    async def upgrade() -> None:
        said = "this is a WebSocket: connect to ws://<host>/ws?token=<user id>"
        headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
        raise Problem("bad_request", said, status=426, headers=headers)

    return router
