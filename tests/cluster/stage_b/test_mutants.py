"""Overlays with one mistake each, which a check must find."""

import pytest

from tests.cluster.manifests.checks import Cluster
from tests.cluster.manifests.mutants import ACCEPTED, BEHAVIOUR, Mutant
from tests.cluster.manifests.overlays import Overlay

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("mutant", ACCEPTED, ids=lambda mutant: mutant.name)
async def test_a_mistake_is_found_when_it_is_applied(cluster: Cluster, mutant: Mutant) -> None:
    overlay = Overlay("production", "mutants").changed(mutant.patch)
    with pytest.raises(AssertionError, match=mutant.reason):
        await mutant.check(cluster, overlay)


@pytest.mark.parametrize("mutant", BEHAVIOUR, ids=lambda mutant: mutant.name)
async def test_a_mistake_is_found_by_what_the_cluster_does(cluster: Cluster, mutant: Mutant) -> None:
    namespace = f"mutant-{BEHAVIOUR.index(mutant)}"
    overlay = Overlay("", namespace).changed(mutant.patch)
    with pytest.raises(AssertionError, match=mutant.reason):
        await mutant.check(cluster, overlay)
