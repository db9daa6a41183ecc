"""A stack in a process of its own: `up`, `down`, and a context manager for tests and benchmarks."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local import identity, record
from deploy.local.failure import Failure
from deploy.local.process import ROOT, leash, module
from deploy.local.record import Stack

LONGEST_STOP = 90.0
"""Seconds; the supervisor bounds each of its stages itself."""


def up(folder: Path, arguments: Sequence[str]) -> None:
    """Starts `run` with these arguments in the background, unless it runs; blocks until it is ready.

    Raises Failure, with the end of its log, when it ends instead.
    """
    stack = record.read_running(folder)
    if stack and stack.ready:
        print(f"already up in {folder}", *stack.addresses(), sep="\n")
        return
    folder.mkdir(parents=True, exist_ok=True)
    if stack is None:
        _log(folder).write_bytes(b"")
    child = _launch(folder, [], arguments, {})
    _until_ready(folder, child, print)


def down(folder: Path) -> None:
    """Stops the stack of `folder`; blocks until all of it is gone."""
    stack = record.read(folder)
    if stack is None or not stack.running:
        identity.end(stack.processes if stack else [], signal.SIGTERM, 5)
        print(f"nothing runs in {folder}")
        return
    stack.supervisor.signal(signal.SIGTERM)
    if not stack.supervisor.wait(LONGEST_STOP):
        raise Failure(f"process {stack.supervisor.pid} does not stop; see {_log(folder)}")
    print(f"stopped what ran in {folder}")


def reset(folder: Path) -> None:
    """Stops the stack of `folder` and removes its data, wherever they are."""
    down(folder)
    for name in ("kafka", "postgres", "hold"):
        path = folder / name
        if path.exists():
            shutil.rmtree(path.resolve())
        if path.is_symlink():
            path.unlink()
    for name in ("stack.json", "parley.log"):
        (folder / name).unlink(missing_ok=True)
    print(f"removed the data in {folder}")


@contextmanager
def running(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """A stack in `folder` on free ports, ready when entered, gone when left or when this process dies.

    `arguments` are those of `run`; raises Failure when it does not become ready.
    """
    free = {
        "PORT": "0",
        "KAFKA_PORT": "",
        "POSTGRES_PORT": "",
        "STORE_PORT": "",
        "PROJECTOR_PORT": "",
        "NOTIFIER_PORT": "",
    }
    child = _launch(folder, leash(signal.SIGTERM), arguments, {**free, **(env or {})})
    try:
        yield _until_ready(folder, child, lambda line: None)
    finally:
        child.terminate()
        try:
            child.wait(LONGEST_STOP)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _launch(
    folder: Path, before: Sequence[str], arguments: Sequence[str], env: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    command = [*before, *module("deploy.local", "run", f"--data={folder}", *arguments)]
    with _log(folder).open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _until_ready(folder: Path, child: subprocess.Popen[bytes], tell: Callable[[str], None]) -> Stack:
    """Tells what the supervisor says meanwhile. Another's run in the same folder will do."""
    with _log(folder).open(errors="replace") as log:
        while True:
            stack = record.read_running(folder)
            ended = child.poll() is not None
            for line in log:
                if line.startswith("parley"):
                    tell(line.removeprefix("parley").strip())
            if stack and stack.ready:
                return stack
            if ended and stack is None:
                raise Failure(f"did not start:\n{_tail(folder)}")
            time.sleep(0.05)


def _tail(folder: Path, lines: int = 20) -> str:
    return "\n".join(_log(folder).read_text(errors="replace").splitlines()[-lines:])


def _log(folder: Path) -> Path:
    return folder / "parley.log"
