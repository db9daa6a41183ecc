"""Overlays with one mistake each, and the check that must find it.

Mistakes that the API takes and no check here can see (probes, limits, settings) are found by the rules over
the rendered objects: `tests/unit/deploy/kubernetes`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.cluster.manifests import checks
from tests.cluster.manifests.checks import Cluster
from tests.cluster.manifests.overlays import Overlay, Patch, add, put, remove

_POD = "/spec/template/spec"
_CONTAINER = f"{_POD}/containers/0"
Check = Callable[[Cluster, Overlay], Awaitable[None]]


@dataclass(frozen=True)
class Mutant:
    name: str
    patch: Patch
    check: Check
    """Passes without the patch."""
    reason: str
    """A part of the failure's message."""


async def _check_runs(cluster: Cluster, overlay: Overlay) -> None:
    await checks.apply(cluster, overlay)
    await checks.check_available(cluster, overlay)


async def _check_endpoints(cluster: Cluster, overlay: Overlay) -> None:
    await _check_runs(cluster, overlay)
    await checks.check_endpoints(cluster, overlay)


async def _check_evictions(cluster: Cluster, overlay: Overlay) -> None:
    await _check_runs(cluster, overlay)
    await checks.check_one_eviction_at_a_time(cluster, overlay)


async def _check_job_settings(cluster: Cluster, overlay: Overlay) -> None:
    await checks.apply(cluster, overlay)
    await checks.check_settings_can_change(cluster, overlay)


def _gateway(*operations: dict[str, object]) -> Patch:
    return Patch("Deployment", "parley-gateway", operations)


ACCEPTED = (
    Mutant(
        "no seccomp profile",
        _gateway(remove(f"{_POD}/securityContext/seccompProfile")),
        checks.check_accepted,
        "would violate PodSecurity",
    ),
    Mutant(
        "runs as root",
        _gateway(put(f"{_POD}/securityContext/runAsUser", 0)),
        checks.check_accepted,
        "runAsUser=0",
    ),
    Mutant(
        "a misspelt probe",
        _gateway(add(f"{_CONTAINER}/readynessProbe", {"httpGet": {"path": "/readyz", "port": "admin"}})),
        checks.check_accepted,
        "readynessProbe",
    ),
    Mutant(
        "waits longer before it stops than it may take",
        _gateway(put(f"{_POD}/terminationGracePeriodSeconds", 3)),
        checks.check_accepted,
        "terminationGracePeriodSeconds",
    ),
    Mutant(
        "a budget with both bounds",
        Patch("PodDisruptionBudget", "parley-gateway", [add("/spec/minAvailable", 1)]),
        checks.check_accepted,
        "minAvailable and maxUnavailable cannot be both set",
    ),
    Mutant(
        "a misspelt field of Kafka",
        Patch("Kafka", "parley", [add("/spec/kafka/authorisation", {"type": "simple"})]),
        checks.check_accepted,
        "authorisation",
    ),
    Mutant(
        "a database without instances",
        Patch("Cluster", "parley-database", [put("/spec/instances", 0)]),
        checks.check_accepted,
        "should be greater than or equal to 1",
    ),
    Mutant(
        "a policy that names a variable that does not exist",
        Patch(
            "ValidatingAdmissionPolicy",
            "parley-protect-deletion",
            [put("/spec/validations/0/expression", "variables.isUnlocked")],
        ),
        checks.check_accepted,
        "isUnlocked",
    ),
    Mutant(
        "a monitor of a port number where a name belongs",
        Patch("PodMonitor", "parley", [put("/spec/podMetricsEndpoints/0/port", 9090)]),
        checks.check_accepted,
        "podMetricsEndpoints",
    ),
)
"""Found when they are applied."""

BEHAVIOUR = (
    Mutant(
        "a Job that keeps its name when its settings change",
        Patch("Job", "parley-topics", [put("/metadata/name", "topics-of-parley")]),
        _check_job_settings,
        "field is immutable",
    ),
    Mutant(
        "a Service that leads to another component",
        Patch("Service", "parley-store", [put("/spec/selector/app.kubernetes.io~1component", "notifier")]),
        _check_endpoints,
        "leads to other pods than its own",
    ),
    Mutant(
        "a budget that lets two pods go",
        Patch("PodDisruptionBudget", "parley-gateway", [put("/spec/maxUnavailable", 2)]),
        _check_evictions,
        "two pods of parley-gateway were evicted at once",
    ),
)
"""Found by what the cluster then does."""
