"""Runs podman.

Root's podman on a machine without systemd needs the settings of `containers.conf`, unless CONTAINERS_CONF
names others.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local import programs
from deploy.local.errors import UserError

_CONFIGURATION = Path(__file__).with_name("containers.conf")
_SYSTEMD = Path("/run/systemd/system")
_QUOTED_LINES = 5


def environment() -> dict[str, str]:
    """Return the environment to run podman with."""
    has_own = "CONTAINERS_CONF" in os.environ or os.geteuid() != 0 or _SYSTEMD.exists()
    return dict(os.environ) if has_own else {**os.environ, "CONTAINERS_CONF": str(_CONFIGURATION)}


def require() -> None:
    """Raise UserError if podman is missing; as root on Debian, install it."""
    programs.require("podman", "runc")


def run(*arguments: str) -> str:
    """Return what podman prints. Raises UserError with its last lines of errors."""
    done = subprocess.run(
        ["podman", *arguments],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = "\n".join(done.stderr.strip().splitlines()[-_QUOTED_LINES:])
        raise UserError(f"podman {arguments[0]} failed: {reason}")
    return done.stdout


def exists(image: str) -> bool:
    """Whether the local storage has the image."""
    command = ["podman", "image", "exists", image]
    return subprocess.run(command, env=environment(), check=False).returncode == 0


def inspect(image: str) -> Mapping[str, Any]:
    """Return what `podman image inspect` knows. Raises UserError when there is no such image."""
    described: list[dict[str, Any]] = json.loads(run("image", "inspect", image))
    return described[0]
