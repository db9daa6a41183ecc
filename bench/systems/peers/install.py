"""Peers as people get them: Debian's packages and PyPI's, into the checkout's cache folder.

Nothing of theirs enters Parley's own environment, and none becomes a service of the machine.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from deploy.local.errors import UserError
from deploy.local.paths import ROOT

_CACHE = ROOT / ".data" / "cache" / "peers"


def debian(package: str, *libraries: str) -> Path:
    """The folder in which `package` is unpacked, not installed: it starts nothing.

    What it depends on, and `libraries`, are installed when missing if this is root. Raises UserError.
    """
    folder = _CACHE / package
    if not folder.exists():
        needed = (*_dependencies(package), *libraries)
        missing = [name for name in needed if not _is_installed(name)]
        if missing and os.geteuid() != 0:
            raise UserError(f"{package} needs packages of Debian's: apt-get install {' '.join(missing)}")
        if missing:
            _run(["apt-get", "-qq", "update"])
            _run(["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *missing])
        _unpack(package, folder)
    return folder


def environment(name: str, *requirements: str) -> Path:
    """The folder of an environment of its own with these packages, on the same Python as Parley's."""
    digest = sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:8]
    folder = _CACHE / f"{name}-{digest}"
    if not (folder / "installed").exists():
        print(f"installing {name}", file=sys.stderr)
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        uv, python = str(Path(sys.executable).with_name("uv")), str(folder / "bin" / "python")
        _run([uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *requirements])
        (folder / "installed").touch()
    return folder


def versions(folder: Path, *packages: str) -> dict[str, str]:
    """Of an environment's packages, and of Python."""
    code = f"from importlib.metadata import version\nfor name in {packages!r}: print(version(name))"
    output = _run([str(folder / "bin" / "python"), "-c", code])
    return {"Python": platform.python_version(), **dict(zip(packages, output.split(), strict=True))}


def _dependencies(package: str) -> list[str]:
    words = [line.split() for line in _run(["apt-cache", "depends", package]).splitlines()]
    return [word[1] for word in words if word[0] == "Depends:" and not word[1].startswith("<")]


def _is_installed(package: str) -> bool:
    command = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout == "installed"


def _unpack(package: str, folder: Path) -> None:
    """Beside, then renamed: what exists is complete."""
    beside = folder.with_suffix(".new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    _run(["apt-get", "-qq", "download", package], beside)
    (archive,) = beside.glob("*.deb")
    _run(["dpkg", "-x", str(archive), str(beside)])
    beside.rename(folder)


def _run(command: Sequence[str], folder: Path = ROOT) -> str:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UserError(f"{command[0]} is missing") from None
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise UserError(f"{' '.join(command[:3])} failed: {reason}")
    return done.stdout
