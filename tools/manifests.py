"""Renders the overlays of deploy/kubernetes: `make manifests`.

It writes the objects of each overlay to `deploy/kubernetes/golden/<overlay>.yaml`, so that a review sees what
a change of the manifests does to them. Before that it writes Strimzi's topics and users, which are those of
`shared.log`. Tests compare all of it with what the sources give now.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.local.paths import ROOT
from shared.log.rights import Right, rights
from shared.log.topics import TopicSettings, topic_specs

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = tuple(sorted(path.parent.name for path in FOLDER.glob("overlays/*/kustomization.yaml")))
COMPONENTS = tuple(sorted(path.parent.name for path in FOLDER.glob("components/*/kustomization.yaml")))
_STRIMZI = FOLDER / "components" / "strimzi"
_STRIMZI_LABELS = {"strimzi.io/cluster": "parley"}
PROTECTED = {"parley/protected": "true"}
"""The label of what holds messages."""

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


def for_review(rendered: str) -> str:
    """Return the objects without the contents of dashboards, which are reviewed in deploy/monitoring; a hash
    of them is in their ConfigMap's name."""
    return "---\n".join(_without_dashboards(each) for each in rendered.split("---\n"))


def _without_dashboards(document: str) -> str:
    (each,) = objects(document)
    if "grafana_dashboard" not in each["metadata"].get("labels", {}):
        return document
    names = dict.fromkeys(each["data"], "(deploy/monitoring/dashboards)")
    return yaml.safe_dump({**each, "data": names})


def golden(overlay: str) -> Path:
    """Return the file with the objects of this overlay."""
    return FOLDER / "golden" / f"{overlay}.yaml"


def generated() -> Iterator[tuple[Path, str]]:
    """Yield the files that are generated, with their contents."""
    yield _STRIMZI / "topics.yaml", _yaml("shared.log.topics", kafka_topics())
    yield _STRIMZI / "users.yaml", _yaml("shared.log.rights", kafka_users())


def kafka_topics() -> list[Object]:
    """Return the topics that the Job would create with the settings of the base: those without an end are
    protected."""
    lines = (FOLDER / "base" / "settings" / "topics.env").read_text().splitlines()
    given = {name.lower(): value for name, _, value in (line.partition("=") for line in lines)}
    settings = TopicSettings.model_validate(given)
    return [
        _strimzi(
            "KafkaTopic",
            spec.name,
            {"partitions": spec.partitions, "replicas": settings.replication, "config": dict(spec.config)},
            PROTECTED if spec.config.get("retention.ms") == "-1" else {},
        )
        for spec in topic_specs(settings)
    ]


def kafka_users() -> list[Object]:
    """Return a user for each component, with the least rights."""
    return [
        _strimzi(
            "KafkaUser",
            f"parley-kafka-{service}",
            {
                "authentication": {"type": "scram-sha-512"},
                "authorization": {"type": "simple", "acls": _acls(own)},
            },
        )
        for service, own in rights().items()
    ]


def _acls(own: Iterable[Right]) -> list[Object]:
    operations: dict[tuple[str, str], list[str]] = {}
    for right in own:
        operations.setdefault((right.resource, right.name), []).append(right.operation)
    return [
        {"resource": {"type": resource, "name": name, "patternType": "literal"}, "operations": allowed}
        for (resource, name), allowed in operations.items()
    ]


def _strimzi(kind: str, name: str, spec: Object, labels: dict[str, str] | None = None) -> Object:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": {**_STRIMZI_LABELS, **(labels or {})}},
        "spec": spec,
    }


def _yaml(source: str, documents: list[Object]) -> str:
    text = yaml.dump_all(documents, Dumper=_NoAnchors, sort_keys=False, width=100)
    return f"# Generated from {source} by `make manifests`.\n{text}"


class _NoAnchors(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def main() -> None:
    for path, text in generated():
        path.write_text(text)
    try:
        for overlay in OVERLAYS:
            golden(overlay).parent.mkdir(exist_ok=True)
            golden(overlay).write_text(for_review(render(FOLDER / "overlays" / overlay)))
    except NotRendered as error:
        sys.exit(f"parley: not rendered: {error}")


if __name__ == "__main__":
    main()
