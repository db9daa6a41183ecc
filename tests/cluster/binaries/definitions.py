"""Collects the resource definitions (CRDs) of the operators that the manifests name.

Most are files in the operators' Go modules. Those of prometheus-operator are generated from its types, those
of Strimzi by its own generator, from Maven.
"""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import programs
from deploy.local.errors import UserError
from tests.cluster.binaries.cache import DEFINITIONS_MODULE, STRIMZI_POM
from tests.cluster.binaries.programs import run_go

MIN_JAVA = 21
"""Strimzi's generator is compiled for it."""
_JAVA_FOLDERS = ("/usr/lib/jvm/*/bin/java", "/opt/java/*/bin/java", "/opt/jdk*/bin/java")


@dataclass(frozen=True)
class Source:
    """Definitions that are files of a Go module."""

    module: str
    """With its version."""
    sum: str
    """The module's hash, as go.sum has it."""
    folder: str
    prefix: str
    """Of the files' names."""
    kinds: Sequence[str]


SOURCES = (
    Source(
        "github.com/cloudnative-pg/cloudnative-pg@v1.30.0",
        "h1:fnhVq44xXx97MNiuvJsPrX1vSjYbgdyBK5MSGfdHdp0=",
        "config/crd/bases",
        "postgresql.cnpg.io_",
        ("clusters", "scheduledbackups"),
    ),
    Source(
        "github.com/cloudnative-pg/plugin-barman-cloud@v0.15.0",
        "h1:gNVytrzzYUE08wxLDrjfJqy1FPPSFkMe1OEr4s4pVI0=",
        "config/crd/bases",
        "barmancloud.cnpg.io_",
        ("objectstores",),
    ),
    Source(
        "github.com/kedacore/keda/v2@v2.21.0",
        "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
        "config/crd/bases",
        "keda.sh_",
        ("scaledobjects", "triggerauthentications"),
    ),
    Source(
        "sigs.k8s.io/gateway-api@v1.5.1",
        "h1:RqVRIlkhLhUO8wOHKTLnTJA6o/1un4po4/6M1nRzdd0=",
        "config/crd/standard",
        "gateway.networking.k8s.io_",
        ("httproutes",),
    ),
    Source(
        "github.com/external-secrets/external-secrets@v0.16.2",
        "h1:iNY+gIgSyL5higXTfnz+hdPCaiB/43UiHLqE7HBpj68=",
        "config/crds/bases",
        "external-secrets.io_",
        ("externalsecrets",),
    ),
)
"""A module of its own each: their dependencies exclude one another, and none is compiled."""
PROMETHEUS_TYPES = "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
PROMETHEUS_KINDS = ("servicemonitors", "podmonitors", "prometheusrules")
STRIMZI_KINDS = {"Kafka": "kafka", "KafkaNodePool": "nodepool", "KafkaTopic": "topic", "KafkaUser": "user"}
"""Package of the generator by kind."""


def collect(folder: Path) -> None:
    """Write all definitions into `folder`. Raises UserError."""
    java = find_java()
    _copy_from_modules(folder)
    with tempfile.TemporaryDirectory() as temporary:
        _generate_prometheus(Path(temporary), folder)
        _generate_strimzi(java, Path(temporary), folder)


def find_java() -> Path:
    """Return the path of a Java that is recent enough. Raises UserError."""
    candidates = [shutil.which("java"), *(str(p) for glob in _JAVA_FOLDERS for p in Path("/").glob(glob[1:]))]
    for candidate in candidates:
        if candidate and _java_version(candidate) >= MIN_JAVA:
            return Path(candidate)
    raise UserError(f"Strimzi's resource definitions need Java {MIN_JAVA} or later; install a JDK")


def _java_version(java: str) -> int:
    version = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', version)
    return int(match[1]) if match else 0


def _copy_from_modules(folder: Path) -> None:
    for source in SOURCES:
        module = json.loads(run_go(["mod", "download", "-json", source.module], DEFINITIONS_MODULE))
        if module["Sum"] != source.sum:
            raise UserError(f"{source.module} has the hash {module['Sum']}, not {source.sum}")
        for kind in source.kinds:
            name = f"{source.prefix}{kind}.yaml"
            shutil.copyfile(Path(module["Dir"], source.folder, name), folder / name)


def _generate_prometheus(temporary: Path, folder: Path) -> None:
    options = [f"paths={PROMETHEUS_TYPES}", "crd:crdVersions=v1,allowDangerousTypes=true"]
    run_go(["tool", "controller-gen", *options, f"output:crd:dir={temporary}"], DEFINITIONS_MODULE)
    for kind in PROMETHEUS_KINDS:
        name = f"monitoring.coreos.com_{kind}.yaml"
        shutil.copyfile(temporary / name, folder / name)


def _generate_strimzi(java: Path, temporary: Path, folder: Path) -> None:
    maven = [str(programs.find("mvn")), "-q", "-B", "-Dstyle.color=never", "-f", str(STRIMZI_POM)]
    _run([*maven, f"-DoutputDirectory={temporary}/jars", "dependency:copy-dependencies"], "Maven")
    options = ["--label", "app:strimzi", "--label", "strimzi.io/crd-install:true", "--target-kube", "1.16+"]
    versions = ["--crd-api-version", "v1", "--api-versions", "v1", "--storage-version", "v1", "--yaml"]
    kinds = [
        f"io.strimzi.api.kafka.model.{package}.{kind}={folder}/kafka.strimzi.io_{kind.lower()}s.yaml"
        for kind, package in STRIMZI_KINDS.items()
    ]
    generator = [str(java), "-cp", f"{temporary}/jars/*", "io.strimzi.crdgenerator.CrdGenerator"]
    _run([*generator, *options, *versions, *kinds], "Strimzi's generator")


def _run(command: Sequence[str], name: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise UserError(f"{name} failed: {(result.stderr or result.stdout).strip()[-2_000:]}")
