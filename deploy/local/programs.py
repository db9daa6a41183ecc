"""The programs that Parley needs from the machine, and how this system installs each."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from deploy.local.failure import Failure

PACKAGES = {
    "debian": {
        "java": ["default-jdk-headless", "maven"],
        "mvn": ["default-jdk-headless", "maven"],
        "postgres": ["postgresql"],
        "psql": ["postgresql-client"],
        "setpriv": ["util-linux"],
        "chromium": ["chromium", "fonts-dejavu-core", "fonts-noto-color-emoji"],
    },
    "fedora": {
        "java": ["java-21-openjdk-devel", "maven"],
        "mvn": ["java-21-openjdk-devel", "maven"],
        "postgres": ["postgresql-server"],
        "psql": ["postgresql"],
        "setpriv": ["util-linux"],
        "chromium": ["chromium", "dejavu-sans-fonts", "google-noto-color-emoji-fonts"],
    },
}
"""By family of Linux, as /etc/os-release names it."""
COMMANDS = {"debian": "apt-get install", "fedora": "dnf install"}
NODE = {
    "debian": "curl -fsSL https://deb.nodesource.com/setup_22.x | sudo bash - && sudo apt-get install nodejs",
    "fedora": "sudo dnf install nodejs npm",
}
"""Debian 12 and Ubuntu 24.04 have a Node.js that is too old."""
ELSEWHERE = "docs/install.md has the commands"
FOLDERS = {"postgres": "/usr/lib/postgresql/*/bin"}
"""Where Debian keeps programs that are not in PATH; the newest comes first."""
ALIASES = {"chromium": ("chromium", "chromium-browser", "google-chrome")}


def find(program: str) -> Path:
    """Return the path of a program, or raise Failure; see `require`."""
    require(program)
    found = _look(program)
    assert found is not None
    return found


def require(*programs: str) -> None:
    """Raise Failure, with the command that installs all of them, unless every program is there.

    As root on Debian missing ones are installed, which may take minutes.
    """
    missing = [program for program in programs if _look(program) is None]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(_packages("debian", missing))
        missing = [program for program in programs if _look(program) is None]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise Failure(f"{' and '.join(missing)} {are} missing; install: {install_command(missing)}")


def install_command(programs: Sequence[str]) -> str:
    """What a user of this system types to install them."""
    system = family()
    if system is None:
        return ELSEWHERE
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}{COMMANDS[system]} {' '.join(_packages(system, programs))}"


def family() -> str | None:
    """`debian`, `fedora`, or None for a system that we have no commands for."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return None
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((name for name in names if name in PACKAGES), None)


def _packages(system: str, programs: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(package for program in programs for package in PACKAGES[system][program]))


def _look(program: str) -> Path | None:
    folders = (
        sorted(Path("/").glob(FOLDERS[program].lstrip("/")), key=_version, reverse=True)
        if (program in FOLDERS)
        else []
    )
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
    found = (shutil.which(name, path=path) for name in ALIASES.get(program, (program,)))
    return next((Path(each) for each in found if each), None)


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdecimal() else 0


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
