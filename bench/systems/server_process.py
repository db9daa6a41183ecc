"""A server as a process of the bench's own, and a PostgreSQL like Parley's for it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.systems.parley import Stack, running_stack, work_folder
from deploy.local.errors import UserError
from deploy.local.supervisor.handle import terminate_child
from deploy.local.supervisor.process import die_with_parent

_START_TIMEOUT_SECONDS = 60.0
_STOP_TIMEOUT_SECONDS = 20.0


@contextmanager
def postgres_only(*arguments: str) -> Iterator[Stack]:
    """PostgreSQL alone, with the very settings that Parley's has."""
    nothing_else = ("--no-services", "--kafka=127.0.0.1:1")
    with work_folder() as folder, running_stack(folder, *nothing_else, *arguments) as stack:
        yield stack


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def server_process(
    command: Sequence[str], log: Path, env: Mapping[str, str], is_ready: Callable[[], bool] = lambda: True
) -> Iterator[int]:
    """The pid of `command` once it is ready; it writes to `log` and ends when this is left or the bench dies.

    Raises UserError with the end of the log when the process ends instead of becoming ready.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*die_with_parent(signal.SIGKILL), *command],
            cwd=log.parent,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    try:
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise UserError(f"{command[0]} does not start: {log.read_text(errors='replace')[-500:]}")
            time.sleep(0.1)
        yield process.pid
    finally:
        terminate_child(process, _STOP_TIMEOUT_SECONDS)


@contextmanager
def tcp_server(command: Sequence[str], log: Path, env: Mapping[str, str], port: int) -> Iterator[int]:
    """The pid of a server that is ready once it accepts connections on `port`."""
    with server_process(command, log, env, lambda: _accepts(port)) as pid:
        yield pid


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
