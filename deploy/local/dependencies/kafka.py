"""A real Kafka: one KRaft node on loopback; Maven downloads its jars (`kafka_config/pom.xml`)."""

import base64
import hashlib
import os
import shlex
import shutil
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import programs
from deploy.local.supervisor import health_checks
from deploy.local.supervisor.process import Process, RunCommand

CONFIG_FOLDER = Path(__file__).with_name("kafka_config")
MAX_HEAP = "-Xmx512m"
FAST_STARTUP = "-XX:TieredStopAtLevel=1"
"""Starts with 3 s of CPU instead of 5, and uses a quarter more per record; KAFKA_OPTS replaces it."""


@dataclass(frozen=True)
class Kafka:
    """A broker with its data in `folder`; any number of brokers share the jars in `cache`."""

    folder: Path
    cache: Path
    port: int
    controller_port: int
    extra_listeners: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By name: the port it binds, and the port it advertises to clients, such as that of a proxy."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """Override all others."""
    scram_credentials: Mapping[str, str] = field(default_factory=dict)
    """Passwords by user name, for SCRAM-SHA-512."""

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def required_programs(self) -> list[str]:
        """Return the programs that `prepare` and `broker` run."""
        return ["java"] if self.jars.exists() else ["java", "mvn"]

    def plan(self) -> str:
        """Return what the start does first, with the size and time of a download."""
        if self.jars.exists():
            return "starting"
        return "downloading Kafka (43 MB) with Maven: up to a minute, the first time only"

    async def prepare(self, run: RunCommand) -> None:
        """Download the jars and format the storage unless that is done; raise UserError."""
        programs.find("java")  # before Maven, whose error is less clear
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # Kafka makes its segments, with message texts, readable by all
        await self.ensure_jars(run)
        self._properties.write_text(self._settings(self._data))
        if not self._data.exists():
            await self._format(run)

    def broker(self) -> Process:
        """Return the process that serves."""
        options = shlex.split(os.environ.get("KAFKA_OPTS", FAST_STARTUP))
        return Process(
            "kafka",
            self._java(MAX_HEAP, *options, "kafka.Kafka", str(self._properties)),
            is_ready=health_checks.tcp(self.port),
            ports=(self.port, self.controller_port, *(port for port, _ in self.extra_listeners.values())),
            log=self.folder / "console.log",
        )

    @property
    def jars(self) -> Path:
        """The folder of Kafka's jars, in the cache."""
        digest = hashlib.sha256((CONFIG_FOLDER / "pom.xml").read_bytes()).hexdigest()
        return self.cache / f"kafka-{digest[:12]}"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    async def ensure_jars(self, run: RunCommand) -> None:
        """Download the jars unless that is done; raise UserError. They go to a temporary folder, which is
        renamed, so that an existing one is complete."""
        if self.jars.exists():
            return
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache) as temporary:
            jars = Path(temporary, "jars")
            await run(Process("maven", self._maven(jars), quiet=True))
            with suppress(OSError):  # another run was faster
                jars.rename(self.jars)  # noqa: ASYNC240

    def _maven(self, jars: Path) -> list[str]:
        lock = ["flock", "--no-fork", str(self.cache)]  # Maven's repository is not safe for concurrent runs
        quiet = ["-q", "-B", "-Dstyle.color=never"]
        has_home = os.access(Path("~").expanduser(), os.W_OK)
        repository = [] if has_home else [f"-Dmaven.repo.local={self.cache / 'maven'}"]
        goal = ["-f", str(CONFIG_FOLDER / "pom.xml"), f"-DoutputDirectory={jars}"]
        goal.append("dependency:copy-dependencies")
        return [*lock, str(programs.find("mvn")), *quiet, *repository, *goal]

    async def _format(self, run: RunCommand) -> None:
        """Format a temporary folder and rename it, so that an existing one is complete."""
        unfinished = self.folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        properties = self.folder / "format.properties"
        properties.write_text(self._settings(unfinished))
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(properties)]
        for name, password in self.scram_credentials.items():
            tool += ["--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]"]
        await run(Process("format", self._java(FAST_STARTUP, *tool), log=self.folder / "console.log"))
        unfinished.rename(self._data)

    def _java(self, *arguments: str) -> list[str]:
        options = [f"-Dlog4j2.configurationFile={CONFIG_FOLDER / 'log4j2.properties'}"]
        options += [
            f"-Dlogs={self.folder}",
            f"-Djava.io.tmpdir={self.folder}",
        ]  # a killed JVM leaves files there
        return [str(programs.find("java")), *options, "-cp", f"{self.jars}/*", *arguments]

    def _settings(self, data: Path) -> str:
        controller = f"127.0.0.1:{self.controller_port}"
        listeners = {"PLAINTEXT": (self.port, self.port), **self.extra_listeners}
        bound = [f"{name}://127.0.0.1:{port}" for name, (port, _) in listeners.items()]
        advertised = [f"{name}://127.0.0.1:{port}" for name, (_, port) in listeners.items()]
        protocols = [f"{name}:PLAINTEXT" for name in ("CONTROLLER", *listeners)]
        settings = {
            "listeners": ",".join([*bound, f"CONTROLLER://{controller}"]),
            "advertised.listeners": ",".join(advertised),
            "listener.security.protocol.map": ",".join(protocols),
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(data),
            **self.properties,
        }
        fixed = (CONFIG_FOLDER / "server.properties").read_text()
        return fixed + "".join(f"{key}={value}\n" for key, value in settings.items())
