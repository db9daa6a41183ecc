"""WS /ws: checks an upgrade (origin, token, admission) and runs its session."""

import asyncio
from contextlib import suppress
from http import HTTPStatus

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway import metrics
from gateway.auth.authenticator import Authenticator
from gateway.auth.credentials import SUBPROTOCOL, Credentials, subprotocols
from gateway.auth.origins import Origins, origin_not_allowed
from gateway.auth.principal import Principal
from gateway.auth.scopes import require_user
from gateway.limits.user_rates import Rate
from gateway.proxies.address_limits import AddressLimits
from gateway.websocket import close_codes
from gateway.websocket.admission import Admission
from gateway.websocket.send_buffer import Close
from gateway.websocket.session import Session, SessionContext
from shared.http.problems import Problem
from shared.http.query_string import QueryString
from shared.http.websocket_connection import raw_connection
from shared.tracing.traceparent import of_request

_REFUSAL_DELAY_SECONDS = 3.0  # clients give up an upgrade after five or ten
_FULL_USER_DELAY_SECONDS = 10.0  # one of the user's other sockets must be closed first
_UNAUTHENTICATED_REASON = (
    "no valid token of a user: use Authorization, sub-protocol bearer.<token> or ?token=<ticket> "
    "(AUTH=dev: <user id>)"
)
_NO_SUCH_SOCKET = Problem("not_found", "the WebSocket is at /ws")
_NO_ACT_AS = Problem("forbidden", "a WebSocket cannot be opened for another user: Act-As is for calls")


class WebSocketEndpoint:
    def __init__(
        self,
        authenticator: Authenticator,
        origins: Origins,
        address_limits: AddressLimits,
        admission: Admission,
        context: SessionContext,
    ) -> None:
        self._authenticator = authenticator
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
        refusal = self._refusal(websocket.headers)
        if refusal is not None:
            metrics.connects_refused.inc()
            await websocket.send_denial_response(refusal.response())
            return
        query = QueryString.parse(websocket.scope["query_string"]).values
        credentials = Credentials.of_upgrade(websocket.headers, query)
        admitted = await self._admit(credentials, websocket.scope)
        if isinstance(admitted, Problem):
            await websocket.send_denial_response(admitted.response())
            return
        await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in subprotocols(websocket.headers) else None)
        if isinstance(admitted, Principal):  # here, with no await before the session counts
            admitted = self._too_many_sockets(admitted.user_id) or admitted
        if isinstance(admitted, Close):
            await _close(websocket, admitted)
            return
        session = Session(
            self._context,
            raw_connection(websocket),
            admitted,
            query.get("cursor", []),
            of_request(websocket.scope["headers"]),
        )
        del websocket, query, credentials  # with all headers, for hours
        await session.run()

    def _refusal(self, headers: Headers) -> Problem | None:
        """Return why nobody can open a socket by an upgrade with these headers."""
        if not self._origins.allows_request(headers):
            return origin_not_allowed()
        return _NO_ACT_AS if "act-as" in headers else None

    async def _admit(self, credentials: Credentials, scope: Scope) -> Principal | Close | Problem:
        """Wait for admission, with the upgrade unanswered: that is cheap for both sides. Return a Problem for
        too many upgrades without a valid token from the client's address."""
        try:
            principal = require_user(await self._authenticator.authenticate(credentials))
        except Problem as problem:
            is_anonymous = problem.status == HTTPStatus.UNAUTHORIZED
            limited = self._address_limits.upgrade_refusal(_client_of(scope)) if is_anonymous else None
            if limited is not None:
                metrics.connects_refused.inc()
            return limited or _close_for(problem)
        scope["user"] = principal.user_id
        user = principal.user_id
        refusal = (
            self._overloaded()
            or await self._too_many_attempts(user)
            or await self._admission.admit(user)
            or self._overloaded()
        )
        return refusal or principal

    async def _too_many_attempts(self, user: str) -> Close | None:
        """Count the attempt. Refuses a user who connects too often, or flooded a socket and does not wait. A
        refusal is held back, so that repeating it at once gains nothing."""
        rates = self._context.limits.rates
        delay = rates.half_full_after(user, Rate.FRAMES)
        if delay:
            metrics.limited.labels("connects").inc()
        else:
            usage = rates.spend(user, Rate.CONNECTS)
            delay = usage.retry_after if usage is not None and usage.is_refused else 0.0
        if not delay:
            return None
        metrics.connects_refused.inc()
        await asyncio.sleep(_REFUSAL_DELAY_SECONDS)
        return close_codes.close_with_retry_after(close_codes.TOO_MANY, delay)

    def _too_many_sockets(self, user: str) -> Close | None:
        limit = self._context.limits.max_sockets
        if not limit or self._context.connections.count_of(user) < limit:
            return None
        metrics.limited.labels("sockets").inc()
        metrics.connects_refused.inc()
        return close_codes.close_with_retry_after(close_codes.TOO_MANY, _FULL_USER_DELAY_SECONDS)

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


def _close_for(problem: Problem) -> Close:
    """Return the close for an upgrade whose credentials were refused, or cannot be verified now."""
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        metrics.connects_failed.inc()
        return close_codes.close_with_retry_after(close_codes.RESTARTING, problem.retry_after or 0)
    metrics.connects_refused.inc()
    return Close(close_codes.UNAUTHENTICATED, _UNAUTHENTICATED_REASON)


def _client_of(scope: Scope) -> str | None:
    """Return the client's address; None for a Unix socket."""
    client = scope.get("client")
    return client[0] if client else None


async def _close(websocket: WebSocket, close: Close) -> None:
    close_codes.record(close.code, client=_client_of(websocket.scope), user=websocket.scope.get("user"))
    with suppress(WebSocketDisconnect, RuntimeError):
        await websocket.close(close.code, close.reason)
