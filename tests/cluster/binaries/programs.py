"""Builds Kubernetes' programs and etcd from Go modules; cold about ten minutes on two cores."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.errors import UserError
from tests.cluster.binaries.cache import KUBERNETES_MODULE

MIN_GO = (1, 26)
"""What the modules ask for."""
_RENAMED = {"server": "etcd"}
"""A program is named by the last folder of its package."""


def build(folder: Path) -> None:
    """Build all programs into `folder`. Raises UserError."""
    version = _kubernetes_version()
    major, minor, _ = version.removeprefix("v").split(".")
    symbols = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    flags = [f"-X k8s.io/component-base/version.{name}={value}" for name, value in symbols.items()]
    output = ["-trimpath", "-ldflags", " ".join(["-s -w", *flags]), "-o", f"{folder}/"]
    run_go(["build", *output, "tool", "./pause"], KUBERNETES_MODULE, env={"CGO_ENABLED": "0", "GOGC": "400"})
    for name, renamed in _RENAMED.items():
        (folder / name).rename(folder / renamed)


def run_go(arguments: Sequence[str], module: Path, env: Mapping[str, str] | None = None) -> str:
    """Run the go command in a module's folder and return its output. Raises UserError."""
    go = require_go()
    result = subprocess.run(
        [go, *arguments],
        cwd=module,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise UserError(f"go {arguments[0]} failed in {module}: {result.stderr.strip()[-2_000:]}")
    return result.stdout


def require_go() -> str:
    """Return the path of a Go that is recent enough. Raises UserError."""
    wanted = ".".join(map(str, MIN_GO))
    if (go := shutil.which("go")) is None:
        raise UserError(f"go is missing; install Go {wanted} or later")
    version = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout
    numbers = re.match(r"go(\d+)\.(\d+)", version)
    if numbers and (int(numbers[1]), int(numbers[2])) < MIN_GO:
        raise UserError(f"Go {version.strip().removeprefix('go')} is too old; install {wanted} or later")
    return go


def _kubernetes_version() -> str:
    text = (KUBERNETES_MODULE / "go.mod").read_text()
    match = re.search(r"^require k8s\.io/kubernetes (v[\d.]+)|^\tk8s\.io/kubernetes (v[\d.]+)", text, re.M)
    assert match, "go.mod names the version"
    return match[1] or match[2]
