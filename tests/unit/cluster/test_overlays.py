"""Overlays with patches: what they consist of, and which objects are tried."""

import json
from pathlib import Path

import pytest

from tests.cluster.manifests.overlays import MANIFESTS, OVERLAYS, Overlay, Patch, put

SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: parley-store"
GATEWAY = SERVICE.replace("store", "gateway")


def test_all_overlays_are_found() -> None:
    assert set(OVERLAYS) >= {"ci", "minimal", "production"}


def test_only_objects_that_a_patch_changes_are_tried() -> None:
    overlay = Overlay("minimal", "any").changed(
        Patch("Service", "parley-store", [put("/spec/type", "NodePort")])
    )
    assert overlay.patched(f"{SERVICE}\n---\n{GATEWAY}") == SERVICE


def test_a_patch_of_an_object_that_does_not_exist_is_an_error() -> None:
    overlay = Overlay("minimal", "any").changed(Patch("Service", "other", [put("/spec/type", "NodePort")]))
    with pytest.raises(AssertionError, match="the patches change an object"):
        overlay.patched(SERVICE)


def test_an_overlay_is_the_resource_of_each_change_of_it(tmp_path: Path) -> None:
    first, second = (Overlay("minimal", "any").write(tmp_path) for _ in range(2))
    assert first != second
    kustomization = json.loads((first / "kustomization.yaml").read_text())
    (resource,) = kustomization["resources"]
    assert (first / resource).resolve() == MANIFESTS / "overlays" / "minimal"
