"""The web client, with Node: installs its packages when the lock changed, builds it when a source changed.

python -m deploy.local.dependencies.web_client COMMAND

build    build frontend/dist, which gateways serve
check    check that its types match the contract, and run its linters
test     run its unit tests
fix      generate its types and format its code
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
from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from deploy.local.supervisor.process import Process, module

MIN_NODE_VERSION = (20, 19)
NOT_SOURCES = ("node_modules", "dist", "naive")
"""Folders that the build does not read."""
NPM_SCRIPTS = {
    "check": (("types", "--", "--check"), ("check",)),
    "test": (("test",),),
    "fix": (("types",), ("fix",)),
}


def require_node() -> None:
    """Raise UserError unless npm and a recent enough Node are installed."""
    try:
        node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
        version = node.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        version = ""
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < MIN_NODE_VERSION or not shutil.which("npm"):
        installed = f" (this is {version})" if version else ""
        required = ".".join(map(str, MIN_NODE_VERSION))
        system = programs.system()
        install = system.node if system else "https://nodejs.org/en/download"
        raise UserError(f"Node.js {required} or later with npm is missing{installed}; install: {install}")


@dataclass(frozen=True)
class WebClient:
    """The client with its sources in `folder`. Its commands exclude one another; all raise UserError."""

    folder: Path

    def build(self) -> None:
        """Build `dist` unless it is up to date."""
        with self.with_packages():
            if not self.dist:
                self._mark("built").unlink(missing_ok=True)
            self._run_if_changed("built", self._sources(), self._build)

    def plan(self) -> str:
        """Return what `build` would do now, with its size and time."""
        if not self._is_up_to_date("installed", self._packages()):
            return "installing 320 MB of npm packages and building: 1 to 2 minutes, the first time only"
        is_built = self.dist and self._is_up_to_date("built", self._sources())
        return "up to date" if is_built else "building: about 20 seconds, only after a change"

    def run(self, command: str) -> None:
        """Run the npm scripts of `check`, `test` or `fix`."""
        with self.with_packages():
            for arguments in NPM_SCRIPTS[command]:
                self.npm("run", "--silent", *arguments)

    @property
    def dist(self) -> Path | None:
        """The folder of the last build, if there is one."""
        dist = self.folder / "dist"
        return dist if (dist / "index.html").exists() else None

    @contextmanager
    def with_packages(self) -> Iterator[None]:
        """Lock the folder for the block, with all packages of package-lock.json installed."""
        require_node()
        with (self.folder / "package-lock.json").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._run_if_changed("installed", self._packages(), self._install)
            yield

    def npm(self, *arguments: str) -> None:
        """Run npm in the folder; raise UserError if it fails."""
        has_home = os.access(Path("~").expanduser(), os.W_OK)
        cache = {} if has_home else {"npm_config_cache": str(ROOT / ".data/cache/npm")}
        npm = subprocess.run(["npm", *arguments], cwd=self.folder, env={**os.environ, **cache}, check=False)
        if npm.returncode:
            raise UserError(f"npm {' '.join(arguments)} failed in {self.folder}")

    def _packages(self) -> str:
        return _digest([self.folder / "package-lock.json", self.folder / "package.json"])

    def _sources(self) -> str:
        return _digest(path for path in sorted(self.folder.iterdir()) if path.name not in NOT_SOURCES)

    def _install(self) -> None:
        print("installing the packages of frontend/package-lock.json", flush=True)
        self.npm("ci", "--no-fund", "--no-audit", "--no-update-notifier", "--loglevel=error")

    def _build(self) -> None:
        """Build, and store a `.gz` beside each file that compresses well."""
        print("building the web client", flush=True)
        self.npm("run", "--silent", "build")
        for path in [path for path in (self.folder / "dist").rglob("*") if path.is_file()]:
            content = path.read_bytes()
            compressed = gzip.compress(content, mtime=0)
            if len(compressed) < 0.9 * len(content):
                path.with_name(f"{path.name}.gz").write_bytes(compressed)

    def _run_if_changed(self, step: str, digest: str, action: Callable[[], None]) -> None:
        """Run `action` unless its last success was for the same digest."""
        if not self._is_up_to_date(step, digest):
            action()
            self._mark(step).write_text(digest)

    def _is_up_to_date(self, step: str, digest: str) -> bool:
        mark = self._mark(step)
        return mark.exists() and mark.read_text() == digest

    def _mark(self, step: str) -> Path:
        """Return the file with the digest of a step; in node_modules, so that both are deleted together."""
        return self.folder / "node_modules" / f".{step}"


def _digest(paths: Iterable[Path]) -> str:
    """Return a digest of the names and contents of the files, and of all files in the folders."""
    files = (file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*"))))
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            digest.update(f"{file}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


WEB_CLIENT = WebClient(ROOT / "frontend")
BUILD = Process("web", module("deploy.local.dependencies.web_client", "build"), quiet=True)


def main() -> int:
    """Run the command of the first argument; return the exit code."""
    command = sys.argv[1] if len(sys.argv) == 2 else ""
    if command not in ("build", *NPM_SCRIPTS):
        sys.exit(__doc__)
    try:
        if command == "build":
            WEB_CLIENT.build()
        else:
            WEB_CLIENT.run(command)
    except UserError as error:
        print(f"parley: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
