"""Nodes that run nothing, and the status that a kubelet would report of the pods assigned to them."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from tests.cluster.control_plane.api import Api, ApiError, Object

POLL_INTERVAL = 0.2
"""Seconds."""
_addresses = (str(address) for address in ipaddress.ip_network("10.88.0.0/16").hosts())
"""Of pods, which nothing answers at."""
_CAPACITY = {"cpu": "64", "memory": "256Gi", "pods": "110", "ephemeral-storage": "100Gi"}


class SimulatedNodes:
    """Created by `simulated_nodes`."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._is_running = asyncio.Lock()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Report no status during the block: no pod becomes ready or goes."""
        async with self._is_running:
            yield

    async def report(self) -> None:
        """Report the status of all pods until cancelled."""
        while True:
            async with self._is_running:
                for pod in await self._api.list("pods"):
                    with suppress(ApiError):  # deleted or changed since
                        await _advance(self._api, pod)
            await asyncio.sleep(POLL_INTERVAL)


@asynccontextmanager
async def simulated_nodes(api: Api, zones: Sequence[str]) -> AsyncIterator[SimulatedNodes]:
    """Create one ready node a zone; until the block ends, pods on them become ready, those of Jobs succeed,
    and deleted ones go at once."""
    for zone in zones:
        await _create_node(api, f"node-{zone}", zone)
    nodes = SimulatedNodes(api)
    task = asyncio.create_task(nodes.report())
    try:
        yield nodes
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _create_node(api: Api, name: str, zone: str) -> None:
    labels = {"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": name}
    metadata = {"name": name, "labels": labels}
    await api.create("nodes", {"apiVersion": "v1", "kind": "Node", "metadata": metadata})
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "Simulated",
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }
    status = {"capacity": _CAPACITY, "allocatable": _CAPACITY, "conditions": [ready]}
    await api.patch("nodes", name, {"status": status}, subresource="status")


async def _advance(api: Api, pod: Object) -> None:
    metadata, status = pod["metadata"], pod["status"]
    name, namespace = metadata["name"], metadata["namespace"]
    if not pod["spec"].get("nodeName"):
        return
    if "deletionTimestamp" in metadata:
        await api.delete("pods", name, namespace, grace_seconds=0)
    elif status.get("phase") == "Pending":
        is_of_job = any(owner["kind"] == "Job" for owner in metadata.get("ownerReferences", []))
        await api.patch(
            "pods", name, {"status": _status(is_of_job, next(_addresses))}, namespace, subresource="status"
        )


def _status(is_finished: bool, address: str) -> Object:
    if is_finished:
        return {"phase": "Succeeded"}
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    names = ("Ready", "ContainersReady", "PodScheduled", "Initialized")
    conditions = [{"type": name, "status": "True", "lastTransitionTime": now} for name in names]
    return {"phase": "Running", "conditions": conditions, "podIP": address, "podIPs": [{"ip": address}]}
