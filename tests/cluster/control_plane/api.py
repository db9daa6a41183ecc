"""A small client of the Kubernetes API, for what kubectl is too slow or too coarse for."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

Object = dict[str, Any]
"""An object of the API, or a part of one."""

_GROUPS = {
    "nodes": "api/v1",
    "pods": "api/v1",
    "namespaces": "api/v1",
    "persistentvolumeclaims": "api/v1",
    "deployments": "apis/apps/v1",
    "jobs": "apis/batch/v1",
    "endpointslices": "apis/discovery.k8s.io/v1",
    "kafkatopics": "apis/kafka.strimzi.io/v1",
}
"""Group and version by resource."""


class ApiError(Exception):
    """The API refuses a request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Api:
    """Every method raises ApiError, and httpx.HTTPError without a response."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @classmethod
    @asynccontextmanager
    async def connect(cls, server: str, token: str, tls: ssl.SSLContext) -> AsyncIterator["Api"]:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(
            base_url=server, headers=headers, verify=tls, trust_env=False, timeout=30
        ) as client:
            yield cls(client)

    async def is_ready(self) -> bool:
        return (await self._client.get("/readyz")).status_code == 200

    async def list(self, resource: str, namespace: str = "", *, labels: str = "") -> list[Object]:
        """Return the objects of a resource; of all namespaces without `namespace`."""
        params = {"labelSelector": labels} if labels else {}
        items: list[Object] = (await self._call("GET", _path(resource, namespace), params=params))["items"]
        return items

    async def get(self, resource: str, name: str, namespace: str = "") -> Object:
        return await self._call("GET", _path(resource, namespace, name))

    async def create(self, resource: str, body: Object, namespace: str = "") -> Object:
        return await self._call("POST", _path(resource, namespace), json=body)

    async def patch(
        self, resource: str, name: str, body: Object, namespace: str = "", *, subresource: str = ""
    ) -> Object:
        """Apply a merge patch (RFC 7386)."""
        path = _path(resource, namespace, name, subresource)
        headers = {"Content-Type": "application/merge-patch+json"}
        return await self._call("PATCH", path, json=body, headers=headers)

    async def delete(
        self, resource: str, name: str, namespace: str = "", *, grace_seconds: int | None = None
    ) -> None:
        body = {} if grace_seconds is None else {"gracePeriodSeconds": grace_seconds}
        await self._call("DELETE", _path(resource, namespace, name), json=body)

    async def evict(self, pod: str, namespace: str) -> None:
        """Request an eviction, which respects budgets, as a node drain does."""
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": namespace},
        }
        await self._call("POST", _path("pods", namespace, pod, "eviction"), json=body)

    async def _call(self, method: str, path: str, **options: Any) -> Object:
        response = await self._client.request(method, path, **options)
        body: Object = response.json()
        if response.is_error:
            raise ApiError(response.status_code, str(body.get("message")))
        return body


def _path(resource: str, namespace: str = "", name: str = "", subresource: str = "") -> str:
    scope = f"namespaces/{namespace}/" if namespace else ""
    parts = [f"/{_GROUPS[resource]}/{scope}{resource}", name, subresource]
    return "/".join(part for part in parts if part)
