"""GET /client-config.json: how the web client signs users in. Public, and not part of the API."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.settings import Settings

PATH = "/client-config.json"


def client_config_route(settings: Settings) -> Route:
    body = json.dumps(_client_config(settings)).encode()

    async def get_client_config(_: Request) -> Response:
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})

    return Route(PATH, get_client_config, methods=["GET"])


def _client_config(settings: Settings) -> dict[str, Any]:
    oidc = {
        "issuer": settings.oidc_issuer,
        "clientId": settings.oidc_client_id,
        "scope": settings.oidc_scope,
        "userClaim": settings.jwt_user_claim,
    }
    return {"auth": settings.auth, "oidc": None if settings.oidc_issuer is None else oidc}
