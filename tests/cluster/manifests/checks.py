"""What the control plane must accept, refuse and do with an overlay; each raises AssertionError."""

import asyncio
import functools
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.cluster.control_plane.api import ApiError, Object
from tests.cluster.control_plane.control_plane import ControlPlane
from tests.cluster.control_plane.simulated_nodes import SimulatedNodes
from tests.cluster.manifests.overlays import Overlay

Result = TypeVar("Result")

APPLY = ("apply", "--server-side", "--warnings-as-errors")
WAIT_SECONDS = 90.0
DEPLOYMENTS = ("parley-gateway", "parley-notifier", "parley-projector", "parley-store")


@dataclass(frozen=True)
class Cluster:
    """A control plane with nodes that run nothing."""

    plane: ControlPlane
    nodes: SimulatedNodes
    scratch: Path


async def check_accepted(cluster: Cluster, overlay: Overlay) -> None:
    """The API takes every object as it is, without a warning; of an overlay with patches the changed ones."""
    await _ensure_namespace(cluster, overlay.namespace)
    rendered = await cluster.plane.kubectl.run("kustomize", str(overlay.write(cluster.scratch)))
    await cluster.plane.kubectl.run(*APPLY, "--dry-run=server", "-f", "-", stdin=overlay.patched(rendered))


async def apply(cluster: Cluster, overlay: Overlay) -> None:
    await _ensure_namespace(cluster, overlay.namespace)
    await cluster.plane.kubectl.run(*APPLY, "-k", str(overlay.write(cluster.scratch)))


async def check_unchanged(cluster: Cluster, overlay: Overlay) -> None:
    """Nothing differs between the cluster and what was applied."""
    folder = str(overlay.write(cluster.scratch))
    await cluster.plane.kubectl.run("diff", "--server-side", "-k", folder)


async def check_available(cluster: Cluster, overlay: Overlay) -> None:
    """Every pod is admitted and scheduled, and every Job ends."""
    api, namespace = cluster.plane.api, overlay.namespace

    async def faults() -> list[str]:
        deployments = await api.list("deployments", namespace)
        jobs = await api.list("jobs", namespace)
        unavailable = [name for name in map(_unavailable, deployments) if name]
        unfinished = [job["metadata"]["name"] for job in jobs if not job["status"].get("succeeded")]
        return [*unavailable, *unfinished] if deployments and jobs else ["nothing was applied"]

    await eventually_no(faults)


async def check_spread(cluster: Cluster, overlay: Overlay) -> None:
    """The pods of each Deployment are in as many zones as they can be."""
    api, namespace = cluster.plane.api, overlay.namespace
    zones = {
        node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for node in await api.list("nodes")
    }
    for name in DEPLOYMENTS:
        pods = await _pods(cluster, namespace, name.removeprefix("parley-"))
        counts = Counter(zones[pod["spec"]["nodeName"]] for pod in pods)
        assert len(counts) == min(len(pods), len(set(zones.values()))), f"{name} is in {dict(counts)}"


async def check_one_eviction_at_a_time(cluster: Cluster, overlay: Overlay) -> None:
    """While one pod of a Deployment is being replaced, no other can be evicted."""
    async with cluster.nodes.paused():
        for name in DEPLOYMENTS:
            first, second, *_ = await _pods(cluster, overlay.namespace, name.removeprefix("parley-"))
            await cluster.plane.api.evict(first["metadata"]["name"], overlay.namespace)
            try:
                await cluster.plane.api.evict(second["metadata"]["name"], overlay.namespace)
            except ApiError as error:
                assert error.status == 429, error  # noqa: PT017
                assert "disruption budget" in error.message  # noqa: PT017
            else:
                raise AssertionError(f"two pods of {name} were evicted at once")


async def check_endpoints(cluster: Cluster, overlay: Overlay) -> None:
    """Each Service has the address of every pod of its component."""
    api, namespace = cluster.plane.api, overlay.namespace
    for component in ("gateway", "notifier", "store"):
        pods = {pod["metadata"]["name"] for pod in await _pods(cluster, namespace, component)}
        targets: set[str] = set()

        async def missing(component: str, targets: set[str], wanted: int) -> list[str]:
            label = f"kubernetes.io/service-name=parley-{component}"
            slices = await api.list("endpointslices", namespace, labels=label)
            endpoints = [endpoint for part in slices for endpoint in part.get("endpoints") or []]
            targets.update(endpoint["targetRef"]["name"] for endpoint in endpoints)
            return [] if len(endpoints) == wanted else [f"{len(endpoints)} endpoints of parley-{component}"]

        await eventually_no(functools.partial(missing, component, targets, len(pods)))
        assert targets == pods, f"parley-{component} leads to other pods than its own: {targets ^ pods}"


async def check_settings_can_change(cluster: Cluster, overlay: Overlay) -> None:
    """Changed settings can be applied, also those of Jobs. The overlay was applied before."""
    for name in ("parley-gateway", "parley-topics", "parley-migrate"):
        overlay = overlay.with_setting(name, "LOG_LEVEL=debug")
    await apply(cluster, overlay)


async def check_refused(action: Callable[[], Awaitable[object]], reason: str) -> None:
    """The API refuses it for this reason; polled, since admission policies take effect with a delay."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            await action()
        except ApiError as error:
            assert reason in error.message, error.message  # noqa: PT017
            return
        assert time.monotonic() < deadline, f"not refused: {reason}"
        await asyncio.sleep(0.2)


async def eventually_no(faults: Callable[[], Awaitable[list[str]]], what: str = "not ready") -> None:
    """Poll until there is no fault. Raises AssertionError."""
    deadline = time.monotonic() + WAIT_SECONDS
    while left := await faults():
        assert time.monotonic() < deadline, f"{what}: {', '.join(left)}"
        await asyncio.sleep(0.1)


async def _ensure_namespace(cluster: Cluster, name: str) -> None:
    """A dry run cannot use a namespace that the same run would create. It has the labels of component
    `restricted`."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    metadata = {"name": name, "labels": labels}
    body: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    try:
        await cluster.plane.api.create("namespaces", body)
    except ApiError as error:
        if error.status != 409:
            raise


async def _pods(cluster: Cluster, namespace: str, component: str) -> list[Object]:
    """Return the pods of a component that are not being deleted."""
    labels = f"app.kubernetes.io/component={component}"
    pods = await cluster.plane.api.list("pods", namespace, labels=labels)
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def _unavailable(deployment: Object) -> str:
    wanted, status = deployment["spec"]["replicas"], deployment["status"]
    is_observed = status.get("observedGeneration") == deployment["metadata"]["generation"]
    ready = status.get("availableReplicas") == status.get("updatedReplicas") == wanted
    name = str(deployment["metadata"]["name"])
    return "" if is_observed and ready and status.get("replicas") == wanted else name
