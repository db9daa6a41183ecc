"""The web client, with Node: what it needs is installed when its lock changed, and it is built when it did.

python -m deploy.local.dependencies.web_client COMMAND

build    frontend/dist, which gateways serve
check    its types match the contract, its code passes the linters
test     its unit tests
fix      its types are generated, its code is formatted
"""

import fcntl
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import programs
from deploy.local.errors import Failure
from deploy.local.paths import ROOT
from deploy.local.supervisor.process import Process, module

NODE = (20, 19)
"""The earliest that its tools run on."""
OTHER = ("node_modules", "dist", "naive")
"""What the page is not made of."""


def require_node() -> None:
    """Raises Failure when there is no Node that will do."""
    try:
        said = subprocess.run(
            ["node", "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        said = ""
    if tuple(map(int, re.findall(r"\d+", said)[:2])) < NODE or not shutil.which("npm"):
        found = f" (this is {said})" if said else ""
        wanted = ".".join(map(str, NODE))
        system = programs.system()
        install = system.node if system else "https://nodejs.org/en/download"
        raise Failure(f"Node.js {wanted} or later with npm is missing{found}; install: {install}")


@dataclass(frozen=True)
class Frontend:
    """The client whose sources are in `folder`. Its commands wait for one another; all raise Failure."""

    folder: Path

    def build(self) -> None:
        with self.installed():
            if not self.page:
                self._mark("built").unlink(missing_ok=True)
            self._unless_done("built", self._sources(), self._build)

    def plan(self) -> str:
        """What `build` would do now, with its size and time."""
        if not self._is_done("installed", self._packages()):
            return "installing 320 MB of npm packages and building: 1 to 2 minutes, the first time only"
        built = self.page and self._is_done("built", self._sources())
        return "up to date" if built else "building: some 20 seconds, only after a change"

    def check(self) -> None:
        with self.installed():
            self.npm("run", "--silent", "types", "--", "--check")
            self.npm("run", "--silent", "check")

    def test(self) -> None:
        with self.installed():
            self.npm("run", "--silent", "test")

    def fix(self) -> None:
        with self.installed():
            self.npm("run", "--silent", "types")
            self.npm("run", "--silent", "fix")

    @property
    def page(self) -> Path | None:
        """The folder of what was built last."""
        built = self.folder / "dist"
        return built if (built / "index.html").exists() else None

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Alone, with all packages of the lock."""
        require_node()
        with (self.folder / "package-lock.json").open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self._unless_done("installed", self._packages(), self._install)
            yield

    def _packages(self) -> str:
        return _digest([self.folder / "package-lock.json", self.folder / "package.json"])

    def _sources(self) -> str:
        return _digest(path for path in sorted(self.folder.iterdir()) if path.name not in OTHER)

    def _install(self) -> None:
        print("installing what frontend/package-lock.json names", flush=True)
        self.npm("ci", "--no-fund", "--no-audit", "--no-update-notifier", "--loglevel=error")

    def _build(self) -> None:
        print("building the web client", flush=True)
        self.npm("run", "--silent", "build")
        for path in [path for path in (self.folder / "dist").rglob("*") if path.is_file()]:
            plain = path.read_bytes()
            small = gzip.compress(plain, mtime=0)
            if len(small) < 0.9 * len(plain):
                path.with_name(f"{path.name}.gz").write_bytes(small)

    def _unless_done(self, what: str, digest: str, work: Callable[[], None]) -> None:
        """A mark beside the packages holds what it was done for, and goes with them."""
        if not self._is_done(what, digest):
            work()
            self._mark(what).write_text(digest)

    def _is_done(self, what: str, digest: str) -> bool:
        mark = self._mark(what)
        return mark.exists() and mark.read_text() == digest

    def _mark(self, what: str) -> Path:
        return self.folder / "node_modules" / f".{what}"

    def npm(self, *arguments: str) -> None:
        home = os.access(Path("~").expanduser(), os.W_OK)
        own = {} if home else {"npm_config_cache": str(ROOT / ".data/cache/npm")}
        done = subprocess.run(["npm", *arguments], cwd=self.folder, env={**os.environ, **own}, check=False)
        if done.returncode:
            raise Failure(f"npm {' '.join(arguments)} failed in {self.folder}")


def _digest(paths: Iterable[Path]) -> str:
    """Of the files, and of those in the folders, with their names."""
    files = (file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*"))))
    whole = hashlib.sha256()
    for file in files:
        if file.is_file():
            whole.update(f"{file}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


FRONTEND = Frontend(ROOT / "frontend")
BUILD = Process("web", module("deploy.local.dependencies.web_client", "build"), quiet=True)


def main() -> int:
    commands = {"build": FRONTEND.build, "check": FRONTEND.check, "test": FRONTEND.test, "fix": FRONTEND.fix}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    try:
        commands[sys.argv[1]]()
    except Failure as failure:
        print(f"parley: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
