"""What every overlay must pass, and how the pods of `production` are placed and evicted."""

import pytest

from tests.cluster.manifests import checks
from tests.cluster.manifests.checks import Cluster
from tests.cluster.manifests.overlays import OTHER_COMPONENTS, OVERLAYS, Overlay

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("name", OVERLAYS)
async def test_an_overlay_is_accepted_without_a_warning_and_comes_up(cluster: Cluster, name: str) -> None:
    overlay = Overlay(name, f"parley-{name}")
    await checks.check_accepted(cluster, overlay)
    await checks.apply(cluster, overlay)
    await checks.check_available(cluster, overlay)
    await checks.check_unchanged(cluster, overlay)


async def test_components_that_no_overlay_includes_are_accepted_without_a_warning(cluster: Cluster) -> None:
    await checks.check_accepted(cluster, Overlay("", "parley-components", OTHER_COMPONENTS))


async def test_changed_settings_can_be_applied_also_those_of_jobs(
    cluster: Cluster, production: Overlay
) -> None:
    await checks.check_settings_can_change(cluster, production)
    await checks.check_available(cluster, production)


async def test_each_deployment_spreads_over_three_zones(cluster: Cluster, production: Overlay) -> None:
    await checks.check_available(cluster, production)
    await checks.check_spread(cluster, production)


async def test_each_service_leads_to_all_pods_of_its_component(cluster: Cluster, production: Overlay) -> None:
    await checks.check_available(cluster, production)
    await checks.check_endpoints(cluster, production)


async def test_a_second_pod_is_not_evicted_while_the_first_is_replaced(
    cluster: Cluster, production: Overlay
) -> None:
    await checks.check_available(cluster, production)
    await checks.check_one_eviction_at_a_time(cluster, production)
