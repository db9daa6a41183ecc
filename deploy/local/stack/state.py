"""The state of the stack in a data folder, kept in `stack.json` for `up`, `down`, tests and benchmarks."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel

from deploy.local.stack.services import Services
from deploy.local.supervisor.handle import ProcessHandle

LOGS_FOLDER = "logs"
"""In the data folder."""


class Stack(BaseModel):
    """One stack. The file outlives it: the next run reuses its ports and stops what it left behind."""

    folder: Path
    supervisor: ProcessHandle
    ready: bool = False
    kafka: str = ""
    """host:port"""
    database: str = ""
    """A URL with the password."""
    web: bool = False
    """Whether the gateways serve the web client."""
    auth: str = "dev"
    """AUTH of the gateways."""
    gateways: list[str] = []
    """URLs; the first is that of PORT."""
    notifiers: list[str] = []
    projectors: list[str] = []
    store: str = ""
    admin: dict[str, str] = {}
    """URL of the admin port of each process, by the process's name: probes, metrics."""
    ports: dict[str, int] = {}
    processes: list[ProcessHandle] = []

    def process(self, name: str) -> ProcessHandle:
        """Return the process of this name; raise KeyError."""
        return {process.name: process for process in self.processes}[name]

    def set_addresses(self, services: Services) -> None:
        """Record the URLs of the services."""

        def urls(ports: Sequence[int]) -> list[str]:
            return [f"http://127.0.0.1:{port}" for port in ports]

        self.gateways, self.notifiers = urls(services.gateways), urls(services.notifiers)
        self.projectors, self.store = urls(services.projectors), urls([services.store])[0]
        self.admin = dict(zip(services.admin, urls([*services.admin.values()]), strict=True))

    def addresses(self) -> list[str]:
        """Return lines with all addresses except the page's; never the password."""
        api = [f"API reference  {self.gateways[0]}/docs"] if self.gateways else []
        more = [f"Gateway        {url}" for url in self.gateways[1:]]
        url = urlsplit(self.database)
        database = f"PostgreSQL     {url.netloc.rpartition('@')[2]}{url.path} (make psql opens a shell)"
        logs = f"Logs           {self.folder / LOGS_FOLDER} (LOGS=1 shows them on the terminal)"
        others = f"other admin ports: {self.folder / 'stack.json'}"
        metrics = [f"Metrics        {self.admin['gateway']}/metrics ({others})"] if self.admin else []
        return [*api, *more, *metrics, f"Kafka          {self.kafka}", database, logs]

    @property
    def headline(self) -> str:
        """The line with the address to open first."""
        if not self.gateways:
            return "Kafka and PostgreSQL are running."
        url = self.gateways[0]
        if not self.web:
            return f"Parley is running, without the web client: open {url}/docs"
        if self.auth != "dev":
            return f"Parley is running: open {url}"
        return f"Parley is running: open {url}/?user=ann and {url}/?user=bob"

    def mark_stopped(self) -> None:
        """Record that none of its processes runs; the ports stay for the next run."""
        self.ready, self.processes = False, []
        self.write()

    def reload(self) -> "Stack":
        """Return the stack as the file has it now: restarts change its processes."""
        return load(self.folder) or self

    def write(self) -> None:
        """Replace the file atomically, readable by its owner only: it holds a password."""
        temporary = self.folder / "stack.json.new"
        temporary.touch(mode=0o600)
        temporary.write_text(self.model_dump_json(indent=2) + "\n")
        temporary.rename(_file(self.folder))


def load(folder: Path) -> Stack | None:
    """Return the last stack of this folder, running or not."""
    try:
        return Stack.model_validate_json(_file(folder).read_text())
    except FileNotFoundError:
        return None


def load_running(folder: Path) -> Stack | None:
    """Return the stack that runs in this folder, if any."""
    stack = load(folder)
    return stack if stack and stack.supervisor.is_running else None


def _file(folder: Path) -> Path:
    return folder / "stack.json"
