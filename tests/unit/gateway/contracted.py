"""Whatever a test asks the gateway: what it answers to a call stands in docs/contract/openapi.json."""

import json
from pathlib import Path

import httpx

_OPENAPI = json.loads(Path("docs/contract/openapi.json").read_bytes())
_CALLS = {path: calls for path, calls in _OPENAPI["paths"].items() if path.startswith("/messages")}


async def require(response: httpx.Response) -> None:
    """An event hook of httpx. Raises AssertionError for a status or code that the call does not document."""
    method = response.request.method.lower().replace("head", "get")
    call = _CALLS.get(response.request.url.path, {}).get(method)
    if call is None:
        return
    documented = call["responses"].get(str(response.status_code))
    assert documented is not None, f"{method} {response.request.url.path}: {response.status_code}"
    if response.status_code >= 400 and response.request.method != "HEAD":
        await response.aread()
        assert response.json()["code"] in documented["content"]["application/problem+json"]["examples"]
