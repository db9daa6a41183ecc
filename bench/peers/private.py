"""A peer's server as a process of the bench's own, beside a PostgreSQL like Parley's."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.target import work_folder
from deploy.local.errors import UserError
from deploy.local.stack.daemon import running_stack
from deploy.local.stack.state import Stack
from deploy.local.supervisor.process import die_with_parent

_LONGEST_START = 60.0
_LONGEST_STOP = 20.0


@contextmanager
def database() -> Iterator[Stack]:
    """PostgreSQL alone, with the very settings that Parley's has."""
    with work_folder() as folder, running_stack(folder, "--no-services", "--kafka=127.0.0.1:1") as stack:
        yield stack


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def server(
    command: Sequence[str], folder: Path, env: Mapping[str, str], ready: Callable[[], bool]
) -> Iterator[int]:
    """Its pid, once it is ready. What it says is in server.log of `folder`; raises UserError with the end of
    that when it ends instead."""
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*die_with_parent(signal.SIGKILL), *command],
            cwd=folder,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, ready, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(_LONGEST_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + _LONGEST_START
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise UserError(f"the peer does not start: {log.read_text(errors='replace')[-500:]}")
        time.sleep(0.1)
