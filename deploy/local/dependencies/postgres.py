"""A real PostgreSQL: the machine's own, 15 or later, on loopback with a password of its own.

PostgreSQL refuses to run as root; there it runs as another user. Where that user cannot reach the data
folder, `folder` becomes a link to one in /var/lib.
"""

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
from deploy.local.errors import Failure
from deploy.local.supervisor import health_checks
from deploy.local.supervisor.process import Once, Process, leash

USERS = ("postgres", "nobody")
"""Whom root becomes: the first that the machine has."""
NAME = "parley"
"""The role and the database."""
OLDEST = 15

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
}
"""Where it listens, and for how many. Nothing that the services would need: they meet servers of others."""
VOLATILE = {"fsync": "off", "full_page_writes": "off"}
"""For data that need not survive the machine: tests. What is committed survives PostgreSQL itself."""
ELSEWHERE = Path("/var/lib/parley")
"""Where root's PostgreSQL keeps its files when its user cannot reach the data folder."""
LOOPBACK_ONLY = "host all all 127.0.0.1/32 scram-sha-256\n"

_PARAMETERS = f"user\0{NAME}\0\0".encode()
HELLO = struct.pack(">II", 8 + len(_PARAMETERS), 3 << 16) + _PARAMETERS
"""The protocol's StartupMessage, version 3.0."""


@dataclass(frozen=True)
class Postgres:
    """A server that keeps its data in `folder`; `say` is told what the user should know."""

    folder: Path
    port: int
    volatile: bool = False
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)

    async def prepare(self, once: Once, say: Callable[[str], None]) -> None:
        """Makes the cluster and its database where there is none; raises Failure."""
        _ = self._programs
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if not self.folder.exists():
            self._settle(say)
        if not self._data.exists():
            await self._create(once)

    @property
    def url(self) -> str:
        """Of the database, the password included; known after `prepare`."""
        password = (self.folder / "password").read_text()
        return f"postgresql://{NAME}:{password}@127.0.0.1:{self.port}/{NAME}"

    def server(self) -> Process:
        """The process that serves."""
        settings = {**self.settings, "port": str(self.port), **(VOLATILE if self.volatile else {})}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return Process(
            "postgres",
            [str(self._programs / "postgres"), "-D", str(self._data), *options],
            ready=self._ready,
            ports=(self.port,),
            user=self._user,
            log=self.folder / "console.log",
            stop=signal.SIGINT,  # "fast": does not wait for clients
            orphaned=signal.SIGQUIT,  # "immediate": its own children are told too
        )

    @property
    def _home(self) -> Path:
        """The folder as the server's user sees it, who may not get through the link."""
        return self.folder.resolve()

    @property
    def _data(self) -> Path:
        return self._home / "data"

    @cached_property
    def _programs(self) -> Path:
        """The folder of the newest server programs. Raises Failure when they are missing or too old."""
        folder = programs.find("postgres").resolve().parent
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
        version = said.stdout.split()[2]
        if int(version.partition(".")[0]) < OLDEST:
            raise Failure(f"PostgreSQL {version} is too old; install {OLDEST} or later")
        return folder

    @cached_property
    def _user(self) -> str | None:
        """Whom the server runs as; None is the present user, who is not root."""
        if os.geteuid() != 0:
            return None
        users = {entry.pw_name for entry in pwd.getpwall()}
        return next(user for user in USERS if user in users)

    def _settle(self, say: Callable[[str], None]) -> None:
        """Gives the data a folder that the server's user can reach."""
        self.folder.unlink(missing_ok=True)  # a link whose target is gone
        self.folder.mkdir(mode=0o700)
        self._give(self.folder)
        if self._user and not self._reaches(self.folder, self._user):
            ELSEWHERE.mkdir(parents=True, exist_ok=True)
            elsewhere = Path(tempfile.mkdtemp(dir=ELSEWHERE))
            self._give(elsewhere)
            self.folder.rmdir()
            self.folder.symlink_to(elsewhere)
            say(f"PostgreSQL keeps its files in {elsewhere}: its user cannot reach {self.folder.parent}")

    async def _create(self, once: Once) -> None:
        """Creates beside and then renames, so that a cluster which exists is complete."""
        unfinished = self._home / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password = self._home / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(16))
        self._give(password)
        await once(
            self._command("initdb", str(self._programs / "initdb"), *self._initdb(unfinished, password))
        )
        single = [str(self._programs / "postgres"), "--single", "-D", str(unfinished), "postgres"]
        await once(
            self._command("createdb", "sh", "-c", f"echo 'CREATE DATABASE {NAME}' | {shlex.join(single)}")
        )
        (unfinished / "pg_hba.conf").write_text(LOOPBACK_ONLY)
        unfinished.rename(self._data)

    def _initdb(self, data: Path, password: Path) -> list[str]:
        where = ["-D", str(data), f"--username={NAME}", f"--pwfile={password}"]
        how = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        return [*where, *how, *(["--no-sync"] if self.volatile else [])]

    def _command(self, name: str, *argv: str) -> Process:
        return Process(name, argv, user=self._user, log=self.folder / "console.log")

    def _give(self, path: Path) -> None:
        if self._user:
            shutil.chown(path, self._user)

    @staticmethod
    def _reaches(folder: Path, user: str) -> bool:
        command = [*leash(signal.SIGKILL, user), "test", "-w", str(folder)]
        return subprocess.run(command, cwd="/", check=False).returncode == 0

    async def _ready(self) -> bool:
        """Whether it asks a client for a password, which it does once it accepts connections."""
        return await health_checks.exchange(self.port, HELLO, 1) == b"R"
