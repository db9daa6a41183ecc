"""Starts a stack in a background process: for the command line, tests and benchmarks."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from deploy.local.stack import state
from deploy.local.stack.state import Stack
from deploy.local.supervisor.handle import terminate_child
from deploy.local.supervisor.process import die_with_parent, module

ERROR_PREFIXES = ("parley: ", "bad settings: ")
"""How the last line of a supervisor that fails begins."""
PORT_VARIABLES = (
    *("KAFKA_PORT", "POSTGRES_PORT", "STORE_PORT", "PROJECTOR_PORT", "NOTIFIER_PORT"),
    *("ADMIN_PORT", "STORE_ADMIN_PORT", "PROJECTOR_ADMIN_PORT", "NOTIFIER_ADMIN_PORT"),
)
"""Of ports whose default is a free one."""
STOP_TIMEOUT_SECONDS = 90.0
"""For the whole stack; the supervisor bounds each of its stages itself."""


def ensure_started(folder: Path, arguments: Sequence[str]) -> Stack:
    """Start a stack with these arguments of `run` unless one runs; block until it is ready.

    Raises UserError, with the last line that it printed, when it exits instead.
    """
    stack = state.load_running(folder)
    if stack and stack.ready:
        return stack
    folder.mkdir(parents=True, exist_ok=True)
    if stack is None and log_path(folder).exists():
        os.truncate(log_path(folder), 0)  # not removed: another start may have it open already
    child = _launch(folder, [], ["--detached", *arguments], {})
    return _wait_until_ready(folder, child, lambda line: print(line, flush=True))


@contextmanager
def running_stack(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Run a stack in `folder` on free ports for the block; it also stops when this process dies.

    `arguments` are those of `run`. Raises UserError when it does not become ready.
    """
    free_ports = dict.fromkeys(PORT_VARIABLES, "")
    environment = {**free_ports, "PORT": "0", "WEB_ROOT": "", **(env or {})}  # without a web client
    child = _launch(folder, die_with_parent(signal.SIGTERM), arguments, environment)
    try:
        yield _wait_until_ready(folder, child, lambda line: None)
    finally:
        terminate_child(child, STOP_TIMEOUT_SECONDS)


def _launch(
    folder: Path, prefix: Sequence[str], arguments: Sequence[str], env: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    command = [*prefix, *module("deploy.local", "run", f"--data={folder}", *arguments)]
    log_path(folder).touch(mode=0o600)  # may quote what the services print
    log_path(folder).chmod(0o600)  # an earlier release created it readable by all
    with log_path(folder).open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_ready(folder: Path, child: subprocess.Popen[bytes], on_line: Callable[[str], None]) -> Stack:
    """Pass on the supervisor's own lines until a stack is ready in `folder`, by this child or another run."""
    services: set[str] = set()
    with log_path(folder).open(errors="replace") as log:
        while True:
            # First, since a child that finds another run exits only once that one is recorded.
            exited = child.poll() is not None
            stack = state.load_running(folder)
            services.update(process.name for process in (stack.processes if stack else []))
            for line in log:
                if line.split(" ", 1)[0] not in services and not line.startswith(ERROR_PREFIXES):
                    on_line(line.rstrip("\n"))
            if stack and stack.ready:
                return stack
            if exited and stack is None:
                raise UserError(_last_line(folder).removeprefix("parley: "))
            time.sleep(0.05)


def _last_line(folder: Path) -> str:
    lines = log_path(folder).read_text(errors="replace").split("\n")
    return next((line for line in reversed(lines) if line), "did not start")


def log_path(folder: Path) -> Path:
    """Return the file with the supervisor's output."""
    return folder / "parley.log"
