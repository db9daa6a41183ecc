"""What is known of the stack in a data folder: `stack.json`, for `up`, `down`, tests and benchmarks."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel

from deploy.local.stack.services import Services
from deploy.local.supervisor.handle import Running

LOGS = "logs"
"""The folder of the services' logs, in the data folder."""


class Stack(BaseModel):
    """One stack. The file outlives it: the next run keeps its ports and ends what it may have left behind."""

    folder: Path
    supervisor: Running
    ready: bool = False
    kafka: str = ""
    """host:port"""
    database: str = ""
    """A URL with the password."""
    web: bool = False
    """Whether the gateways serve the web client."""
    gateways: list[str] = []
    """URLs, the one that people know first."""
    notifiers: list[str] = []
    projectors: list[str] = []
    store: str = ""
    ports: dict[str, int] = {}
    processes: list[Running] = []

    @property
    def running(self) -> bool:
        """Whether its supervisor still runs."""
        return self.supervisor.alive

    def process(self, name: str) -> Running:
        """The process of this name; raises KeyError."""
        found = {process.name: process for process in self.processes}
        return found[name]

    def listen(self, services: Services) -> None:
        """Notes where the services will be."""

        def urls(ports: Sequence[int]) -> list[str]:
            return [f"http://127.0.0.1:{port}" for port in ports]

        self.gateways, self.notifiers = urls(services.gateways), urls(services.notifiers)
        self.projectors, self.store = urls(services.projectors), urls([services.store])[0]

    def addresses(self) -> list[str]:
        """Where everything but the page answers, line by line; never the password."""
        api = [f"API reference  {self.gateways[0]}/docs"] if self.gateways else []
        more = [f"Gateway        {url}" for url in self.gateways[1:]]
        where = urlsplit(self.database)
        database = f"PostgreSQL     {where.netloc.rpartition('@')[2]}{where.path} (make psql opens a shell)"
        logs = f"Logs           {self.folder / LOGS} (LOGS=1 shows them on the terminal)"
        return [*api, *more, f"Kafka          {self.kafka}", database, logs]

    @property
    def headline(self) -> str:
        """What a user does first with a stack that runs."""
        if not self.gateways:
            return "Kafka and PostgreSQL are running."
        url = self.gateways[0]
        if not self.web:
            return f"Parley is running, without the web client: open {url}/docs"
        return f"Parley is running: open {url}/?user=ann and {url}/?user=bob"

    def ended(self) -> None:
        """Notes that nothing of it runs any more; the next one keeps its ports."""
        self.ready, self.processes = False, []
        self.write()

    def again(self) -> "Stack":
        """As the file has it now: processes change when they die."""
        return read(self.folder) or self

    def write(self) -> None:
        """Replaces the file at once, readable by its owner alone: it holds a password."""
        beside = self.folder / "stack.json.new"
        beside.touch(mode=0o600)
        beside.write_text(self.model_dump_json(indent=2) + "\n")
        beside.rename(_file(self.folder))


def read(folder: Path) -> Stack | None:
    """The last stack of this folder, running or not."""
    try:
        return Stack.model_validate_json(_file(folder).read_text())
    except FileNotFoundError:
        return None


def read_running(folder: Path) -> Stack | None:
    """The stack that runs in this folder now."""
    stack = read(folder)
    return stack if stack and stack.running else None


def _file(folder: Path) -> Path:
    return folder / "stack.json"
