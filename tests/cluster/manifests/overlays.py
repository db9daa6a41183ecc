"""Overlays of `deploy/kubernetes`, as they are or changed by patches on top of them.

A change is a kustomization that has the overlay as its only resource: it works whatever files the overlay
consists of, and fails to render when the object that it changes is gone.
"""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.local.paths import ROOT
from tests.cluster.control_plane.api import Object

MANIFESTS = ROOT / "deploy" / "kubernetes"
OVERLAYS = tuple(sorted(path.parent.name for path in MANIFESTS.glob("overlays/*/kustomization.yaml")))
COMPONENTS = tuple(sorted(path.parent.name for path in MANIFESTS.glob("components/*/kustomization.yaml")))
OWN_NAMESPACE = "parley"
"""That of the overlays themselves."""
OTHER_COMPONENTS = tuple(
    name
    for name in COMPONENTS
    if not any(f"components/{name}" in path.read_text() for path in MANIFESTS.glob("overlays/*/*.yaml"))
)
"""Those that no overlay includes itself."""
_numbers = itertools.count()


@dataclass(frozen=True)
class Patch:
    """A change of the object with this kind and name."""

    kind: str
    name: str
    operations: Sequence[Object]
    """JSON Patch (RFC 6902)."""

    def applies_to(self, document: str) -> bool:
        """Whether this rendered object is the one."""
        lines = document.splitlines()
        return f"kind: {self.kind}" in lines and f"  name: {self.name}" in lines


@dataclass(frozen=True)
class Overlay:
    """One of OVERLAYS; with an empty name the base and `components`."""

    name: str
    namespace: str
    components: Sequence[str] = ()
    patches: Sequence[Patch] = ()
    settings: Sequence[tuple[str, str]] = ()
    """Name of a ConfigMap, and a line NAME=VALUE that is set in it."""

    def changed(self, *patches: Patch) -> "Overlay":
        return replace(self, patches=[*self.patches, *patches])

    def with_setting(self, config_map: str, line: str) -> "Overlay":
        return replace(self, settings=[*self.settings, (config_map, line)])

    def patched(self, rendered: str) -> str:
        """Return the objects that the patches change; without patches all."""
        documents = rendered.split("\n---\n")
        if not self.patches:
            return rendered
        changed = [part for part in documents if any(patch.applies_to(part) for patch in self.patches)]
        assert changed, "the patches change an object"
        return "\n---\n".join(changed)

    def write(self, scratch: Path) -> Path:
        """Write the kustomization into a new folder under `scratch`, and return that folder."""
        folder = scratch / f"{self.name or 'base'}-{next(_numbers)}"
        folder.mkdir(parents=True)
        resource = MANIFESTS / "overlays" / self.name if self.name else MANIFESTS / "base"
        kustomization = {
            "resources": [_relative(resource, folder)],
            "components": [_relative(MANIFESTS / "components" / name, folder) for name in self.components],
            "namespace": self.namespace,
            "patches": [_patch(patch) for patch in self.patches],
            "configMapGenerator": [
                _generator(name, line, OWN_NAMESPACE if self.name else "") for name, line in self.settings
            ],
        }
        (folder / "kustomization.yaml").write_text(json.dumps(kustomization))
        return folder


def add(path: str, value: object) -> Object:
    return {"op": "add", "path": path, "value": value}


def put(path: str, value: object) -> Object:
    """Replace a value that exists."""
    return {"op": "replace", "path": path, "value": value}


def remove(path: str) -> Object:
    return {"op": "remove", "path": path}


def _relative(path: Path, folder: Path) -> str:
    """Kustomize refuses absolute paths."""
    return "../" * len(folder.parts) + str(path).lstrip("/")


def _generator(name: str, line: str, namespace: str) -> Object:
    return {"name": name, "namespace": namespace, "behavior": "merge", "literals": [line]}


def _patch(patch: Patch) -> Object:
    return {"target": {"kind": patch.kind, "name": patch.name}, "patch": json.dumps(list(patch.operations))}
