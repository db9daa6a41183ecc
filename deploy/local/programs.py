"""Finds the programs that Parley needs from the system, or names the command that installs them."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.local.errors import UserError


@dataclass(frozen=True)
class System:
    """How to install programs on one family of Linux distributions."""

    install: str
    packages: Mapping[str, Sequence[str]]
    """Package names by program."""
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
        "nginx": ["nginx-light"],
        "ip": ["iproute2"],
        "unshare": ["util-linux"],
        "prometheus": ["prometheus"],
        "promtool": ["prometheus"],
        "podman": ["podman", "runc", "iptables", "netavark", "aardvark-dns"],
        "runc": ["runc"],
        "mmdebstrap": ["mmdebstrap"],
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
        "nginx": ["nginx-core"],
        "ip": ["iproute"],
        "unshare": ["util-linux"],
        "prometheus": ["golang-github-prometheus"],
        "promtool": ["golang-github-prometheus"],
        "podman": ["podman"],
        "runc": ["runc"],
        "mmdebstrap": ["mmdebstrap"],
        "chromium-headless-shell": ["chromium", "google-noto-color-emoji-fonts"],
    },
    "sudo dnf install nodejs npm",
)
SYSTEMS = {"debian": DEBIAN, "ubuntu": UBUNTU, "fedora": FEDORA}
"""By ID or ID_LIKE of /etc/os-release."""
INSTALL_DOCS = "docs/install.md has the commands"
FOLDERS = {"postgres": "usr/lib/postgresql/*/bin", "nginx": "usr/sbin", "ip": "usr/sbin"}
"""Where Debian keeps programs that are not in every PATH; the newest version is preferred."""
ALIASES = {"chromium-headless-shell": ("chromium-headless-shell", "chromium", "chromium-browser")}
"""Names of the same program on other systems, in order of preference."""


def find(program: str) -> Path:
    """Return the path of a program; raise UserError, see `require`."""
    require(program)
    path = _search(program)
    assert path is not None
    return path


def require(*programs: str) -> None:
    """Raise UserError, with the command that installs them, if programs are missing.

    Started by root on Debian, it installs them instead, which may take minutes.
    """
    missing = [program for program in programs if _search(program) is None]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(_packages(system() or DEBIAN, missing))
        missing = [program for program in programs if _search(program) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise UserError(f"{' and '.join(missing)} {verb} missing; install: {install_command(missing)}")


def install_command(programs: Sequence[str]) -> str:
    """Return the command that installs them on this system."""
    current = system()
    if current is None:
        return INSTALL_DOCS
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}{current.install} {' '.join(_packages(current, programs))}"


def system() -> System | None:
    """Return the current system; None if its commands are not known."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return None
    names = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((SYSTEMS[name] for name in names if name in SYSTEMS), None)


def _packages(system: System, programs: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(package for program in programs for package in system.packages[program]))


def _search(program: str) -> Path | None:
    pattern = FOLDERS.get(program)
    folders = sorted(Path("/").glob(pattern), key=_version, reverse=True) if pattern else []
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
    matches = (shutil.which(name, path=path) for name in ALIASES.get(program, (program,)))
    return next((Path(match) for match in matches if match), None)


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdecimal() else 0


def _install(packages: Sequence[str]) -> None:
    print("installing", *packages, flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *arguments]
        result = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if result.returncode:
            reason = result.stderr.strip().rpartition("\n")[2]
            raise UserError(f"apt-get {' '.join(arguments)} failed: {reason}")
