"""The programs that Parley needs from the machine, and how this system installs each."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.local.errors import Failure


@dataclass(frozen=True)
class System:
    """How one family of Linux installs what is missing."""

    install: str
    packages: Mapping[str, Sequence[str]]
    """By program."""
    node: str
    """The command that installs a Node.js that is recent enough."""


NODESOURCE = "curl -fsSL https://deb.nodesource.com/setup_22.x | sudo bash - && sudo apt-get install nodejs"
DEBIAN = System(
    "apt-get install",
    {
        "java": ["default-jdk-headless", "maven"],
        "mvn": ["default-jdk-headless", "maven"],
        "postgres": ["postgresql"],
        "psql": ["postgresql-client"],
        "setpriv": ["util-linux"],
        "chromium-headless-shell": ["chromium-headless-shell", "fonts-dejavu-core", "fonts-noto-color-emoji"],
    },
    NODESOURCE,
)
UBUNTU = replace(DEBIAN, packages={**DEBIAN.packages, "chromium-headless-shell": ["chromium-browser"]})
FEDORA = System(
    "dnf install",
    {
        "java": ["java-21-openjdk-devel", "maven"],
        "mvn": ["java-21-openjdk-devel", "maven"],
        "postgres": ["postgresql-server"],
        "psql": ["postgresql"],
        "setpriv": ["util-linux"],
        "chromium-headless-shell": ["chromium", "google-noto-color-emoji-fonts"],
    },
    "sudo dnf install nodejs npm",
)
SYSTEMS = {"debian": DEBIAN, "ubuntu": UBUNTU, "fedora": FEDORA}
"""By the name that /etc/os-release has, as ID or in ID_LIKE."""
ELSEWHERE = "docs/install.md has the commands"
FOLDERS = {"postgres": "usr/lib/postgresql/*/bin"}
"""Where Debian keeps programs that are not in PATH; the newest comes first."""
ALIASES = {"chromium-headless-shell": ("chromium-headless-shell", "chromium", "chromium-browser")}
"""Programs that do as well, in the order of preference."""


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
        _install(_packages(system() or DEBIAN, missing))
        missing = [program for program in programs if _look(program) is None]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise Failure(f"{' and '.join(missing)} {are} missing; install: {install_command(missing)}")


def install_command(programs: Sequence[str]) -> str:
    """What a user of this system types to install them."""
    here = system()
    if here is None:
        return ELSEWHERE
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}{here.install} {' '.join(_packages(here, programs))}"


def system() -> System | None:
    """This one, or None for a system that we have no commands for."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return None
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((SYSTEMS[name] for name in names if name in SYSTEMS), None)


def _packages(of: System, programs: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(package for program in programs for package in of.packages[program]))


def _look(program: str) -> Path | None:
    pattern = FOLDERS.get(program)
    folders = sorted(Path("/").glob(pattern), key=_version, reverse=True) if pattern else []
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
