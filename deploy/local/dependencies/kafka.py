"""A real Kafka: one KRaft node on loopback, its jars fetched by Maven (`kafka_config/pom.xml`)."""

import base64
import hashlib
import os
import shlex
import shutil
import tempfile
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import programs
from deploy.local.supervisor import health_checks
from deploy.local.supervisor.process import Once, Process

SETTINGS = Path(__file__).with_name("kafka_config")
HEAP = "-Xmx512m"
QUICK = "-XX:TieredStopAtLevel=1"
"""Starts in 3 s of CPU instead of 5 and takes a quarter more for a record; KAFKA_OPTS replaces it."""

FETCHING = "downloading Kafka (43 MB) with Maven: up to a minute, the first time only"


@dataclass(frozen=True)
class Kafka:
    """A broker that keeps its data in `folder`; the jars in `cache` serve any number of them.

    `say` is told what takes long.
    """

    folder: Path
    cache: Path
    port: int
    controller_port: int
    more: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Further listeners by name: its port, and the port that its clients are told: that of a proxy, say."""

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def needs(self) -> list[str]:
        """The programs without which it cannot start."""
        return ["java"] if self._jars.exists() else ["java", "mvn"]

    def plan(self) -> str:
        """What a start has to do first, with its size and time."""
        return "starting" if self._jars.exists() else FETCHING

    async def prepare(self, once: Once, say: Callable[[str], None]) -> None:
        """Fetches the jars and formats the storage where that has not been done; raises Failure."""
        programs.find("java")  # before Maven, which says less clearly that it is missing
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # its segments hold message texts, and are everybody's to read
        if not self._jars.exists():
            say(FETCHING)
            await self._fetch(once)
        self._properties.write_text(self._settings(self._data))
        if not self._data.exists():
            await self._format(once)

    def broker(self) -> Process:
        """The process that serves."""
        options = shlex.split(os.environ.get("KAFKA_OPTS", QUICK))
        return Process(
            "kafka",
            self._java(HEAP, *options, "kafka.Kafka", str(self._properties)),
            ready=health_checks.tcp(self.port),
            ports=(self.port, self.controller_port, *(port for port, _ in self.more.values())),
            log=self.folder / "console.log",
        )

    @property
    def _jars(self) -> Path:
        wanted = hashlib.sha256((SETTINGS / "pom.xml").read_bytes()).hexdigest()
        return self.cache / f"kafka-{wanted[:12]}"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    async def _fetch(self, once: Once) -> None:
        """Fetches into a folder beside and then renames it, so that one which exists is complete."""
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache) as beside:
            jars = Path(beside, "jars")
            await once(Process("maven", self._maven(jars), quiet=True))
            with suppress(OSError):  # another run was quicker
                jars.rename(self._jars)  # noqa: ASYNC240

    def _maven(self, jars: Path) -> list[str]:
        alone = ["flock", "--no-fork", str(self.cache)]  # Maven's repository is not made for two at a time
        quiet = ["-q", "-B", "-Dstyle.color=never"]
        home = Path("~").expanduser()
        own = [] if os.access(home, os.W_OK) else [f"-Dmaven.repo.local={self.cache / 'maven'}"]  # no home
        what = ["-f", str(SETTINGS / "pom.xml"), f"-DoutputDirectory={jars}", "dependency:copy-dependencies"]
        return [*alone, str(programs.find("mvn")), *quiet, *own, *what]

    async def _format(self, once: Once) -> None:
        """Formats beside and then renames, so that storage which exists is complete."""
        unfinished = self.folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        properties = self.folder / "format.properties"
        properties.write_text(self._settings(unfinished))
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(properties))
        await once(Process("format", self._java(QUICK, *tool), log=self.folder / "console.log"))
        unfinished.rename(self._data)

    def _java(self, *arguments: str) -> list[str]:
        logging = [f"-Dlog4j2.configurationFile={SETTINGS / 'log4j2.properties'}", f"-Dlogs={self.folder}"]
        logging.append(f"-Djava.io.tmpdir={self.folder}")  # a killed one would leave files elsewhere
        return [str(programs.find("java")), *logging, "-cp", f"{self._jars}/*", *arguments]

    def _settings(self, data: Path) -> str:
        controller = f"127.0.0.1:{self.controller_port}"
        clients = {"PLAINTEXT": (self.port, self.port), **self.more}
        listening = [f"{name}://127.0.0.1:{port}" for name, (port, _) in clients.items()]
        protocols = [f"{name}:PLAINTEXT" for name in ("CONTROLLER", *clients)]
        told = [f"{name}://127.0.0.1:{port}" for name, (_, port) in clients.items()]
        here = {
            "listeners": ",".join([*listening, f"CONTROLLER://{controller}"]),
            "advertised.listeners": ",".join(told),
            "listener.security.protocol.map": ",".join(protocols),
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(data),
        }
        fixed = (SETTINGS / "server.properties").read_text()
        return fixed + "".join(f"{key}={value}\n" for key, value in here.items())
