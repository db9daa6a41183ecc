"""Renders the overlays of deploy/kubernetes: `make manifests`.

It writes what a change of the manifests does to the objects, so that a review sees it:
`deploy/kubernetes/golden/<overlay>.yaml`; and, from deploy/monitoring, the rules and dashboards of the
components of these names. Tests compare all of it with what the sources give now.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.local.paths import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
MONITORING = ROOT / "deploy" / "monitoring"
OVERLAYS = tuple(sorted(path.parent.name for path in FOLDER.glob("overlays/*/kustomization.yaml")))
COMPONENTS = tuple(sorted(path.parent.name for path in FOLDER.glob("components/*/kustomization.yaml")))
_RULES = FOLDER / "components" / "monitoring" / "rules"
_DASHBOARDS = MONITORING / "dashboards"

Object = dict[str, Any]
"""An object of Kubernetes."""


class NotRendered(Exception):
    """The message says why."""


def renderer() -> str | None:
    """Return kubectl as the cluster tests built it, else that of PATH; None without either."""
    cache = os.environ.get("PARLEY_CACHE") or f"{os.environ.get('XDG_CACHE_HOME') or '~/.cache'}/parley"
    built = sorted(
        Path(cache).expanduser().glob("cluster/*/bin/kubectl"), key=lambda path: path.stat().st_mtime
    )
    return str(built[-1]) if built else shutil.which("kubectl")


def render(folder: Path) -> str:
    """Return the objects of this kustomization. Raises NotRendered."""
    program = renderer()
    if program is None:
        raise NotRendered("kubectl is missing: `make cluster-tools` builds it")
    rendered = subprocess.run(  # without a configuration, so that no cluster can be reached
        [program, "kustomize", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KUBECONFIG": os.devnull},
    )
    if rendered.returncode:
        raise NotRendered(rendered.stderr.strip())
    return rendered.stdout


def objects(text: str) -> list[Object]:
    """Parse what was rendered."""
    return [each for each in yaml.load_all(text, yaml.CSafeLoader) if each is not None]


def golden(overlay: str) -> Path:
    """Return the file with the objects of this overlay."""
    return FOLDER / "golden" / f"{overlay}.yaml"


def generated() -> Iterator[tuple[Path, str]]:
    """Yield the files that are generated from deploy/monitoring, with their contents."""
    rules = sorted((MONITORING / "rules").glob("*.yaml"))
    for source in rules:
        yield _RULES / source.name, _yaml(_rule(source))
    if rules:
        yield _RULES / "kustomization.yaml", _yaml(_resources([source.name for source in rules]))
    dashboards = sorted(_DASHBOARDS.glob("*.json"))
    if dashboards:
        yield _DASHBOARDS / "kustomization.yaml", _yaml(_config_maps(dashboards))


def _rule(source: Path) -> Object:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": f"parley-{source.stem}"},
        "spec": yaml.load(source.read_text(), yaml.CSafeLoader),
    }


def _resources(names: list[str]) -> Object:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": names,
    }


def _config_maps(dashboards: list[Path]) -> Object:
    """Return the kustomization that makes a ConfigMap of each, as Grafana's sidecar reads them."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "configMapGenerator": [
            {"name": f"parley-dashboard-{path.stem}", "files": [path.name]} for path in dashboards
        ],
        "generatorOptions": {"disableNameSuffixHash": True, "labels": {"grafana_dashboard": "1"}},
    }


def _yaml(value: Object) -> str:
    plain = json.loads(json.dumps(value))  # without anchors
    return "# Generated: `make manifests`.\n" + yaml.safe_dump(plain, sort_keys=False, width=100)


def main() -> None:
    for path, text in generated():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    try:
        for overlay in OVERLAYS:
            golden(overlay).parent.mkdir(exist_ok=True)
            golden(overlay).write_text(render(FOLDER / "overlays" / overlay))
    except NotRendered as error:
        sys.exit(f"parley: not rendered: {error}")


if __name__ == "__main__":
    main()
