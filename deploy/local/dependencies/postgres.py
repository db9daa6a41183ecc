"""A real PostgreSQL: the system's own, 15 or later, on loopback with a generated password.

PostgreSQL refuses to run as root; started by root it runs as another user. If that user cannot reach the
data folder, `folder` becomes a symbolic link to one in /var/lib.
"""

import hmac
import os
import pwd
import secrets
import shlex
import shutil
import signal
import struct
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from deploy.local import programs
from deploy.local.errors import UserError
from deploy.local.supervisor import health_checks
from deploy.local.supervisor.process import Process, RunCommand, die_with_parent

SERVER_USERS = ("postgres", "nobody")
"""Root runs the server as the first of these that the system has."""
NAME = "parley"
"""The role and the database."""
MIN_VERSION = 15

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
}
"""Addresses and capacity only: the services must not depend on settings, since they also run elsewhere."""
VOLATILE_SETTINGS = {"fsync": "off", "full_page_writes": "off"}
"""For tests: commits survive a crash of PostgreSQL, but not of the machine."""
FALLBACK_FOLDER = Path("/var/lib/parley")
"""Holds the files of root's PostgreSQL if its user cannot reach the data folder."""
LOOPBACK_ONLY = "host all all 127.0.0.1/32 scram-sha-256\n"

_PARAMETERS = f"user\0{NAME}\0\0".encode()
STARTUP_MESSAGE = struct.pack(">II", 8 + len(_PARAMETERS), 3 << 16) + _PARAMETERS
"""Of protocol version 3.0."""


@dataclass(frozen=True)
class Postgres:
    """A server with its data in `folder`."""

    folder: Path
    port: int
    volatile: bool = False
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)

    async def prepare(self, run: RunCommand, notify: Callable[[str], None]) -> None:
        """Create the cluster and its database unless they exist; raise UserError.

        `notify` gets a line if the files are not in the data folder.
        """
        _ = self._programs
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if not self.folder.exists():
            self._create_folder(notify)
        if not self._data.exists():
            await self._create_cluster(run)

    @property
    def url(self) -> str:
        """The database's URL with the password; available after `prepare`."""
        password = (self.folder / "password").read_text()
        return f"postgresql://{NAME}:{password}@127.0.0.1:{self.port}/{NAME}"

    def role_url(self, role: str) -> str:
        """The URL for a role that the migrations set up; its password follows from the owner's, so that it is
        the same in each run. Available after `prepare`."""
        owner = (self.folder / "password").read_text().encode()
        password = hmac.new(owner, role.encode(), "sha256").hexdigest()
        return f"postgresql://{NAME}_{role}:{password}@127.0.0.1:{self.port}/{NAME}"

    def add_file(self, name: str, content: bytes) -> None:
        """Write a file of the server's own into its data folder, readable by it alone; after `prepare`."""
        path = self._data / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        self._chown(path)

    def server(self) -> Process:
        """Return the process that serves."""
        volatile = VOLATILE_SETTINGS if self.volatile else {}
        settings = {**self.settings, "port": str(self.port), **volatile}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return Process(
            "postgres",
            [str(self._programs / "postgres"), "-D", str(self._data), *options],
            is_ready=self._is_ready,
            ports=(self.port,),
            user=self._user,
            log=self.folder / "console.log",
            stop_signal=signal.SIGINT,  # fast shutdown: does not wait for clients
            parent_death_signal=signal.SIGQUIT,  # immediate shutdown: stops its own children too
        )

    @property
    def _home(self) -> Path:
        """The folder itself: the server's user may not be able to follow the link."""
        return self.folder.resolve()

    @property
    def _data(self) -> Path:
        return self._home / "data"

    @cached_property
    def _programs(self) -> Path:
        """The folder of the newest server programs. Raises UserError if they are missing or too old."""
        folder = programs.find("postgres").resolve().parent
        command = [str(folder / "postgres"), "--version"]
        version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[2]
        if int(version.partition(".")[0]) < MIN_VERSION:
            raise UserError(f"PostgreSQL {version} is too old; install {MIN_VERSION} or later")
        return folder

    @cached_property
    def _user(self) -> str | None:
        """The user that the server runs as; None for the current one, unless that is root."""
        if os.geteuid() != 0:
            return None
        users = {entry.pw_name for entry in pwd.getpwall()}
        return next(user for user in SERVER_USERS if user in users)

    def _create_folder(self, notify: Callable[[str], None]) -> None:
        """Create a folder that the server's user can reach."""
        self.folder.unlink(missing_ok=True)  # a dangling link
        self.folder.mkdir(mode=0o700)
        self._chown(self.folder)
        if self._user and not self._can_write(self._user):
            FALLBACK_FOLDER.mkdir(parents=True, exist_ok=True)
            fallback = Path(tempfile.mkdtemp(dir=FALLBACK_FOLDER))
            self._chown(fallback)
            self.folder.rmdir()
            self.folder.symlink_to(fallback)
            notify(f"PostgreSQL keeps its files in {fallback}: its user cannot reach {self.folder.parent}")

    async def _create_cluster(self, run: RunCommand) -> None:
        """Create the cluster in a temporary folder and rename it, so that an existing one is complete."""
        unfinished = self._home / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password = self._home / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(16))
        self._chown(password)
        await run(self._command("initdb", *self._initdb(unfinished, password)))
        single = [str(self._programs / "postgres"), "--single", "-D", str(unfinished), "postgres"]
        create = f"echo 'CREATE DATABASE {NAME}' | {shlex.join(single)}"
        await run(self._command("createdb", "sh", "-c", create))
        (unfinished / "pg_hba.conf").write_text(LOOPBACK_ONLY)
        unfinished.rename(self._data)

    def _initdb(self, data: Path, password: Path) -> list[str]:
        command = [str(self._programs / "initdb"), "-D", str(data)]
        access = [f"--username={NAME}", f"--pwfile={password}", "--auth=scram-sha-256"]
        options = ["--encoding=UTF8", "--locale=C", *(["--no-sync"] if self.volatile else [])]
        return [*command, *access, *options]

    def _command(self, name: str, *argv: str) -> Process:
        return Process(name, argv, user=self._user, log=self.folder / "console.log")

    def _chown(self, path: Path) -> None:
        if self._user:
            shutil.chown(path, self._user)

    def _can_write(self, user: str) -> bool:
        """Whether this user can reach the folder and write to it."""
        command = [*die_with_parent(signal.SIGKILL, user), "test", "-w", str(self.folder)]
        return subprocess.run(command, cwd="/", check=False).returncode == 0

    async def _is_ready(self) -> bool:
        """Whether it requests a password: it does so only once it accepts connections."""
        return await health_checks.exchange(self.port, STARTUP_MESSAGE, 1) == b"R"
