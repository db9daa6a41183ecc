"""WS /ws: checks an upgrade (origin, token, admission) and runs its session."""

from contextlib import suppress

from fastapi import APIRouter
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.auth import authentication
from gateway.auth.origins import Origins, origin_not_allowed
from gateway.proxies.address_limits import AddressLimits
from gateway.websocket import close_codes
from gateway.websocket.admission import Admission
from gateway.websocket.send_buffer import Close
from gateway.websocket.session import Session, SessionContext
from shared.http.problems import Problem
from shared.http.query_string import QueryString
from shared.http.websocket_connection import raw_connection

_NO_SUCH_SOCKET = Problem("not_found", "the WebSocket is at /ws")


class WebSocketEndpoint:
    def __init__(
        self,
        origins: Origins,
        address_limits: AddressLimits,
        admission: Admission,
        context: SessionContext,
    ) -> None:
        self._origins = origins
        self._address_limits = address_limits
        self._admission = admission
        self._context = context

    def mount(self, app: ASGIApp) -> ASGIApp:
        """Handle WebSockets here and pass all else to `app`: they stay open for hours, and would keep every
        middleware of `app` alive with them."""

        async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "websocket":
                websocket = WebSocket(scope, receive, send)
                if scope["path"] == "/ws":
                    await self.serve_connection(websocket)
                else:
                    await websocket.send_denial_response(_NO_SUCH_SOCKET.response())
            else:
                await app(scope, receive, send)

        return dispatch

    async def serve_connection(self, websocket: WebSocket) -> None:
        """Return once the client is gone, or refused."""
        if not self._origins.allows_request(websocket.headers):
            await websocket.send_denial_response(origin_not_allowed().response())
            return
        query = QueryString.parse(websocket.scope["query_string"]).values
        user = authentication.authenticate_socket(websocket.headers, query.get("token", []))
        if user is None and (limited := self._address_limits.upgrade_refusal(client_of(websocket))):
            await websocket.send_denial_response(limited.response())
            return
        refusal = await self._admission_refusal(user)
        await websocket.accept()
        if user is None or refusal is not None:
            await _close(websocket, refusal or Close(close_codes.UNAUTHENTICATED), user)
            return
        session = Session(self._context, raw_connection(websocket), user, query.get("cursor", []))
        del websocket, query  # with all headers, for hours
        await session.run()

    async def _admission_refusal(self, user: str | None) -> Close | None:
        """Wait for admission, with the upgrade unanswered: that is cheap for both sides. None once
        admitted."""
        if user is None:
            return Close(close_codes.UNAUTHENTICATED, f"connect with ?token={authentication.TOKEN_FORMAT}")
        return self._overloaded() or await self._admission.admit(user) or self._overloaded()

    def _overloaded(self) -> Close | None:
        if self._context.connections.draining:
            return close_codes.close_with_retry_after(close_codes.RESTARTING)
        return self._admission.reject_with_retry_after() if self._context.connections.is_full else None


def upgrade_required() -> APIRouter:
    """Answers plain HTTP calls of /ws."""
    router = APIRouter()

    @router.get("/ws", include_in_schema=False)
    async def require_upgrade() -> None:
        detail = "this is a WebSocket: connect to ws://<host>/ws?token=<user id>"
        headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
        raise Problem("bad_request", detail, status=426, headers=headers)

    return router


def client_of(websocket: WebSocket) -> str | None:
    """Return the client's address; None for a Unix socket."""
    return websocket.client.host if websocket.client else None


async def _close(websocket: WebSocket, close: Close, user: str | None) -> None:
    close_codes.record(close.code, client=client_of(websocket), user=user)
    with suppress(WebSocketDisconnect, RuntimeError):
        await websocket.close(close.code, close.reason)
