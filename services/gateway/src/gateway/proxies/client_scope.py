"""Puts the client's address into the ASGI scope, as `client`, in place of the proxy's."""

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.proxies.trusted_proxies import TrustedProxies

_PORT = 0
"""The client's port at the proxy is not known."""


def with_client_address(app: ASGIApp, proxies: TrustedProxies | None) -> ASGIApp:
    """Resolve the client's address of requests and upgrades for `app`. The scheme and host that a proxy
    forwards are not used: the gateway's own are those of PUBLIC_URL."""
    if proxies is None:
        return app

    async def resolved(scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if client is not None:
            address = proxies.client_address(client[0], scope["headers"])
            if address is not None:
                scope["client"] = (str(address), _PORT)
        await app(scope, receive, send)

    return resolved
