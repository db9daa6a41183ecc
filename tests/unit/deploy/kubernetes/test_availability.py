"""Rolling updates, evictions and failures of nodes take nothing away that is needed."""

import pytest

from gateway.settings import Settings as GatewaySettings
from tests.unit.deploy.kubernetes.rendered import (
    ALL,
    DEPLOYMENTS,
    SETTINGS,
    Rendered,
    Workload,
    overlay,
    selects,
)

every_deployment = pytest.mark.parametrize("workload", DEPLOYMENTS, ids=str)
every_overlay = pytest.mark.parametrize("rendered", ALL, ids=lambda rendered: rendered.name)

MAX_SOCKETS = 20_000
"""Of a gateway, by default."""
_MARGIN_SECONDS = 10
"""Between the end of a process and the signal that it cannot refuse."""


def drain_seconds(rendered: Rendered, workload: Workload) -> float:
    """Return how long a process takes to end after SIGTERM, at most."""
    given = rendered.settings(workload).get("DRAIN_SECONDS")
    return float(given or SETTINGS[workload.component].model_fields["drain_seconds"].default)


@every_deployment
def test_the_grace_period_is_longer_than_sleep_and_drain(workload: Workload) -> None:
    hook = workload.container.get("lifecycle", {}).get("preStop", {"sleep": {"seconds": 0}})
    needed = hook["sleep"]["seconds"] + drain_seconds(overlay(workload.overlay), workload) + _MARGIN_SECONDS
    assert workload.pod["terminationGracePeriodSeconds"] >= needed


def test_in_production_a_full_gateway_drains_to_those_that_stay() -> None:
    """ADR 31: at the rate at which these admit, and eight seconds more."""
    rendered = overlay("production")
    gateway = rendered.workload("gateway")
    staying = gateway.manifest["spec"]["replicas"] - 1
    admitted_per_second = GatewaySettings.model_fields["arrivals_per_second"].default * staying
    assert drain_seconds(rendered, gateway) >= 8 + MAX_SOCKETS / admitted_per_second


@every_overlay
def test_what_a_service_leads_to_serves_until_its_endpoints_are_gone(rendered: Rendered) -> None:
    """A Service that publishes pods that are not ready keeps those that end, until they are gone."""
    routed = {
        workload.component
        for service in rendered.of("Service").values()
        for workload in rendered.workloads
        if (selector := service["spec"].get("selector"))
        and selects({"matchLabels": selector}, workload.labels)
        and not service["spec"].get("publishNotReadyAddresses")
    }
    sleeping = {
        workload.component
        for workload in rendered.workloads
        if workload.container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0) >= 5
    }
    assert routed == sleeping == {"gateway", "store"}


@every_deployment
def test_a_rolling_update_takes_no_replica_away(workload: Workload) -> None:
    strategy = workload.manifest["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}


@every_deployment
def test_the_last_revisions_are_kept_for_a_rollback(workload: Workload) -> None:
    assert workload.manifest["spec"]["revisionHistoryLimit"] == 5


@every_deployment
def test_a_deployment_selects_its_own_pods_alone(workload: Workload) -> None:
    selector = workload.manifest["spec"]["selector"]
    others = [each for each in overlay(workload.overlay).workloads if each.component != workload.component]
    assert selects(selector, workload.labels)
    assert not any(selects(selector, other.labels) for other in others)


@every_deployment
def test_one_pod_of_a_deployment_may_be_evicted_at_a_time(workload: Workload) -> None:
    budgets = overlay(workload.overlay).of("PodDisruptionBudget").values()
    (budget,) = (each["spec"] for each in budgets if selects(each["spec"]["selector"], workload.labels))
    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert budget["selector"] == workload.manifest["spec"]["selector"]


@every_deployment
def test_replicas_of_one_revision_are_spread_over_zones_and_nodes(workload: Workload) -> None:
    constraints = workload.pod["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in constraints] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    for each in constraints:
        assert each["matchLabelKeys"] == ["app.kubernetes.io/component", "pod-template-hash"]
        assert selects(each["labelSelector"], workload.labels)
        assert set(each["labelSelector"]["matchLabels"]).isdisjoint(each["matchLabelKeys"])


@pytest.mark.parametrize(("name", "replicas"), [("minimal", 1), ("ci", 2), ("production", 3)])
def test_an_overlay_has_as_many_replicas_as_it_promises(name: str, replicas: int) -> None:
    rendered = overlay(name)
    assert {each["spec"]["replicas"] for each in rendered.of("Deployment").values()} == {replicas}


@every_overlay
def test_every_port_of_a_service_is_one_of_its_pods(rendered: Rendered) -> None:
    for name, service in rendered.of("Service").items():
        if "selector" not in service["spec"]:
            continue
        selector = {"matchLabels": service["spec"]["selector"]}
        (workload,) = (each for each in rendered.workloads if selects(selector, each.labels))
        named = {port["name"]: port["containerPort"] for port in workload.container["ports"]}
        (port,) = service["spec"]["ports"]
        assert named[port["targetPort"]] == port["port"], name
        assert workload.environment["PORT"]["value"] == str(port["port"])
