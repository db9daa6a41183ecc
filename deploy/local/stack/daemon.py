"""A stack in a process of its own: `up`, `down`, and a context manager for tests and benchmarks."""

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.local import programs
from deploy.local.demo import fill, script
from deploy.local.errors import Failure
from deploy.local.paths import ROOT
from deploy.local.stack import state
from deploy.local.stack.state import Stack
from deploy.local.supervisor import handle
from deploy.local.supervisor.process import leash, module

LAST_WORDS = ("parley: ", "bad settings: ")
"""How the last line of a supervisor that fails begins."""
LONGEST_STOP = 90.0
"""Seconds; the supervisor bounds each of its stages itself."""


def up(folder: Path, arguments: Sequence[str]) -> None:
    """Start the stack of `folder`, print its addresses and how to stop it; see `started`."""
    _announce(started(folder, arguments))


def demo(folder: Path, arguments: Sequence[str]) -> None:
    """Fill the stack of `folder` with sample data, and start it first unless it runs; raise Failure."""
    stack = started(folder, arguments)
    if not stack.gateways:
        raise Failure("this stack has no gateway: start it without --no-services")
    gateway, everything = stack.gateways[0], script.conversations()
    messages = sum(len(each.messages) for each in everything)
    print(f"Sending {messages:,} messages of {len(script.people())} people: up to a minute", flush=True)
    asyncio.run(fill.fill(gateway, everything))
    unread = asyncio.run(fill.unread(gateway, "ann"))
    print(f"Done: ann has {unread} unread messages, and a long conversation with bob.")
    print(f"The others, for /?user=: {', '.join(script.people()[2:])}")
    _announce(stack)


def started(folder: Path, arguments: Sequence[str]) -> Stack:
    """Run a stack with these arguments in the background, unless it runs; block until it is ready.

    Raises Failure, with the last line it printed, when it ends instead.
    """
    stack = state.read_running(folder)
    if stack and stack.ready:
        return stack
    folder.mkdir(parents=True, exist_ok=True)
    if stack is None and _log(folder).exists():
        os.truncate(_log(folder), 0)  # not removed: another start may have it open already
    child = _launch(folder, [], ["--detached", *arguments], {})
    return _until_ready(folder, child, lambda line: print(line, flush=True))


def _announce(stack: Stack) -> None:
    own = "" if stack.folder == ROOT / ".data" else f"DATA_DIR={shlex.quote(str(stack.folder))} "
    print("", stack.headline, f"Stop it with: {own}make down (your data is kept)", sep="\n", flush=True)


def down(folder: Path) -> None:
    """Stops the stack of `folder`; blocks until all of it is gone."""
    stack = state.read(folder)
    if stack is None or not stack.running:
        if stack is not None:
            handle.end(stack.processes, signal.SIGTERM, 5)
            stack.ended()
        print(f"nothing runs in {folder}")
        return
    stack.supervisor.signal(signal.SIGTERM)
    if not stack.supervisor.wait(LONGEST_STOP):
        raise Failure(f"process {stack.supervisor.pid} does not stop; see {_log(folder)}")
    print(f"stopped what ran in {folder}")


def psql(folder: Path) -> None:
    """Becomes psql in the database of the stack of `folder`; raises Failure when none runs."""
    stack = state.read_running(folder)
    if stack is None or not stack.ready:
        raise Failure(f"nothing runs in {folder}; make up starts it")
    program = str(programs.find("psql"))
    url = urlsplit(stack.database)
    here = {"PGHOST": url.hostname, "PGPORT": url.port, "PGDATABASE": url.path[1:], "PGUSER": url.username}
    given = {name: unquote(str(value)) for name, value in here.items() if value}
    os.execve(program, ["psql"], {**os.environ, **given, "PGPASSWORD": unquote(url.password or "")})


def reset(folder: Path) -> None:
    """Stops the stack of `folder` and removes its data, wherever they are."""
    down(folder)
    for name in ("kafka", "postgres", "hold", state.LOGS):
        path = folder / name
        if path.exists():
            shutil.rmtree(path.resolve())
        if path.is_symlink():
            with suppress(OSError):  # another stack's files are there too
                path.readlink().parent.rmdir()
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
        "WEB_ROOT": "",  # no page
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
    _log(folder).touch(mode=0o600)  # whatever a process may say, nobody else reads it
    _log(folder).chmod(0o600)  # where an earlier release made it
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
    services: set[str] = set()
    with _log(folder).open(errors="replace") as log:
        while True:
            ended = child.poll() is not None  # asked first: who was beaten ends when the other is on record
            stack = state.read_running(folder)
            services.update(process.name for process in (stack.processes if stack else []))
            for line in log:
                if line.split(" ", 1)[0] not in services and not line.startswith(LAST_WORDS):
                    tell(line.rstrip("\n"))
            if stack and stack.ready:
                return stack
            if ended and stack is None:
                raise Failure(_last_line(folder).removeprefix("parley: "))
            time.sleep(0.05)


def _last_line(folder: Path) -> str:
    said = _log(folder).read_text(errors="replace").split("\n")
    return next((line for line in reversed(said) if line), "did not start")


def _log(folder: Path) -> Path:
    return folder / "parley.log"
