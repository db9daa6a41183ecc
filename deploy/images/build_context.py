"""The folder that the image is built from. Filling it needs the network; building from it does not.

* `requirements.lock`: the runtime lock
* `wheels/`: Parley's and those that the lock pins, for the image's Python and this machine's architecture
* `uv`: installs them
* `web/`: the built web client
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.images import runtime_lock
from deploy.images.source import Source
from deploy.local.dependencies.web_client import WebClient
from deploy.local.errors import UserError
from deploy.local.paths import ROOT

FOLDER = ROOT / "dist" / "images" / "context"
_GLIBC = range(36, 16, -1)
"""Minor versions of glibc that a wheel may be built for: Debian 12 has 2.36."""


def fill(folder: Path, source: Source) -> None:
    """Fill a folder; delete what it held before. Raises UserError."""
    shutil.rmtree(folder, ignore_errors=True)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    lock = folder / "requirements.lock"
    if source.checkout == ROOT:
        shutil.copy(runtime_lock.LOCK, lock)
    else:
        runtime_lock.write(source.checkout, lock)
    _download(lock, wheels)
    _build_wheel(source, wheels)
    shutil.copy(Path(sys.executable).with_name("uv"), folder / "uv")
    web_client = WebClient(source.checkout / "frontend")
    web_client.build()
    assert web_client.dist is not None
    shutil.copytree(web_client.dist, folder / "web")
    _set_modes(folder)


def _download(lock: Path, wheels: Path) -> None:
    """Download the wheels that the lock pins, checking their hashes."""
    machine = platform.machine()
    tags = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC] + [f"manylinux2014_{machine}"]
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--dest", str(wheels)]
    options += ["--python-version=3.11", "--implementation=cp", *(f"--platform={tag}" for tag in tags)]
    _run("pip", [sys.executable, "-m", "pip", "download", *options, "--requirement", str(lock)])


def _build_wheel(source: Source, wheels: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target=wheel", "--directory", str(wheels)]
    _run("hatchling", command, source)


def _set_modes(folder: Path) -> None:
    """Set the modes of the files, whatever this user's umask is: they are part of the image."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.name == "uv" else 0o644)


def _run(name: str, command: Sequence[str], source: Source | None = None) -> None:
    place = {} if source is None else {"SOURCE_DATE_EPOCH": str(source.timestamp)}
    done = subprocess.run(
        command,
        cwd=None if source is None else source.checkout,
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UserError(f"{name} failed: {done.stderr.strip().rpartition(chr(10))[2]}")
