"""The programs that Parley needs from the machine, and how each is installed."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from deploy.local.failure import Failure

PACKAGES = {  # as Debian 12 names them
    "java": ["openjdk-17-jdk-headless", "maven"],
    "mvn": ["openjdk-17-jdk-headless", "maven"],
    "postgres": ["postgresql"],
    "psql": ["postgresql-client"],
    "setpriv": ["util-linux"],
    "chromium-headless-shell": ["chromium-headless-shell", "fonts-dejavu-core", "fonts-noto-color-emoji"],
}


def find(program: str, folders: Iterable[Path] = ()) -> Path:
    """The path of a program: the first of `folders` that has it, else PATH.

    As root on Debian a missing one is installed, which may take minutes. Raises Failure.
    """
    found = _look(program, folders)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(PACKAGES[program])
        found = _look(program, folders)
    if found is None:
        packages = " ".join(PACKAGES[program])
        raise Failure(f"{program} is missing; install it, on Debian 12: apt-get install {packages}")
    return found


def find_any(programs: Sequence[str]) -> Path:
    """The first of `programs` that is there; with none of them, as `find` of the first."""
    there = (path for program in programs if (path := _look(program, ())))
    return next(there, None) or find(programs[0])


def _look(program: str, folders: Iterable[Path]) -> Path | None:
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
    found = shutil.which(program, path=path)
    return Path(found) if found else None


def _install(packages: Sequence[str]) -> None:
    print("installing", *packages, flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "-qq", *arguments], env=quiet, capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = done.stderr.strip().rpartition("\n")[2]
            raise Failure(f"apt-get {' '.join(arguments)} failed: {reason}")
