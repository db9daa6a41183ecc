"""The cluster of the tests, in the namespaces of `tests.cluster.sandbox`."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cluster.binaries import cache
from tests.cluster.control_plane.control_plane import ControlPlane, control_plane
from tests.cluster.control_plane.simulated_nodes import simulated_nodes
from tests.cluster.manifests.checks import Cluster
from tests.cluster.sandbox.init import MARK

ZONES = ("a", "b", "c")


@pytest.fixture(scope="session")
async def plane(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlPlane]:
    """A control plane that knows the operators' resources."""
    assert MARK in os.environ, "these tests run in namespaces of their own: make cluster-test"
    folder: Path = tmp_path_factory.mktemp("control-plane")
    async with control_plane(folder) as started:
        definitions = str(cache.definitions())
        await started.kubectl.run("apply", "--server-side", "-f", definitions)
        await started.kubectl.run("wait", "--for=condition=Established", "--timeout=30s", "-f", definitions)
        yield started


@pytest.fixture(scope="session")
async def cluster(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """The control plane with a node in each of three zones, which run nothing."""
    async with simulated_nodes(plane.api, ZONES) as nodes:
        yield Cluster(plane, nodes, tmp_path_factory.mktemp("overlays"))
