"""The overlay `production`, applied."""

import pytest

from tests.cluster.manifests import checks
from tests.cluster.manifests.checks import Cluster
from tests.cluster.manifests.overlays import Overlay


@pytest.fixture(scope="session")
async def production(cluster: Cluster) -> Overlay:
    """Applied, with all pods ready."""
    overlay = Overlay("production", "parley-production")
    await checks.apply(cluster, overlay)
    await checks.check_available(cluster, overlay)
    return overlay
