"""A stack in a background process: for `up`, `down` and the like, and for tests and benchmarks."""

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
from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from deploy.local.stack import state
from deploy.local.stack.state import Stack
from deploy.local.supervisor import handle
from deploy.local.supervisor.process import die_with_parent, module

ERROR_PREFIXES = ("parley: ", "bad settings: ")
"""How the last line of a supervisor that fails begins."""
STOP_TIMEOUT_SECONDS = 90.0
"""For the whole stack; the supervisor bounds each of its stages itself."""


def up(folder: Path, arguments: Sequence[str]) -> None:
    """Ensure that the stack of `folder` runs; print its address and how to stop it."""
    _announce(ensure_started(folder, arguments))


def demo(folder: Path, arguments: Sequence[str]) -> None:
    """Ensure that the stack of `folder` runs, and fill it with sample data; raise UserError."""
    stack = ensure_started(folder, arguments)
    if not stack.gateways:
        raise UserError("this stack has no gateway: start it without --no-services")
    gateway, conversations = stack.gateways[0], script.conversations()
    messages = sum(len(conversation.messages) for conversation in conversations)
    print(f"Sending {messages:,} messages of {len(script.people())} people: up to a minute", flush=True)
    asyncio.run(fill.fill(gateway, conversations))
    unread = asyncio.run(fill.unread(gateway, "ann"))
    print(f"Done: ann has {unread} unread messages, and a long conversation with bob.")
    print(f"The others, for /?user=: {', '.join(script.people()[2:])}")
    _announce(stack)


def ensure_started(folder: Path, arguments: Sequence[str]) -> Stack:
    """Start a stack with these arguments of `run` unless one runs; block until it is ready.

    Raises UserError, with the last line that it printed, when it exits instead.
    """
    stack = state.load_running(folder)
    if stack and stack.ready:
        return stack
    folder.mkdir(parents=True, exist_ok=True)
    if stack is None and _log(folder).exists():
        os.truncate(_log(folder), 0)  # not removed: another start may have it open already
    child = _launch(folder, [], ["--detached", *arguments], {})
    return _wait_until_ready(folder, child, lambda line: print(line, flush=True))


def _announce(stack: Stack) -> None:
    own = "" if stack.folder == ROOT / ".data" else f"DATA_DIR={shlex.quote(str(stack.folder))} "
    print("", stack.headline, f"Stop it with: {own}make down (your data is kept)", sep="\n", flush=True)


def down(folder: Path) -> None:
    """Stop the stack of `folder`; block until all of its processes have exited."""
    stack = state.load(folder)
    if stack is None or not stack.is_running:
        if stack is not None:
            handle.terminate(stack.processes, 5)
            stack.mark_stopped()
        print(f"nothing is running in {folder}")
        return
    stack.supervisor.signal(signal.SIGTERM)
    if not stack.supervisor.wait(STOP_TIMEOUT_SECONDS):
        raise UserError(f"process {stack.supervisor.pid} does not stop; see {_log(folder)}")
    print(f"stopped the stack in {folder}")


def psql(folder: Path) -> None:
    """Replace this process by psql in the database of the stack of `folder`; raise UserError if none runs."""
    stack = state.load_running(folder)
    if stack is None or not stack.ready:
        raise UserError(f"nothing is running in {folder}; start it with: make up")
    program = str(programs.find("psql"))
    url = urlsplit(stack.database)
    parts = {"PGHOST": url.hostname, "PGPORT": url.port, "PGDATABASE": url.path[1:], "PGUSER": url.username}
    env = {name: unquote(str(value)) for name, value in parts.items() if value}
    os.execve(program, ["psql"], {**os.environ, **env, "PGPASSWORD": unquote(url.password or "")})


def reset(folder: Path) -> None:
    """Stop the stack of `folder` and remove its data, also those behind symbolic links."""
    down(folder)
    for name in ("kafka", "postgres", "suspend", state.LOGS_FOLDER):
        path = folder / name
        if path.exists():
            shutil.rmtree(path.resolve())
        if path.is_symlink():
            with suppress(OSError):  # not empty: another stack's files are there too
                path.readlink().parent.rmdir()
            path.unlink()
    for name in ("stack.json", "parley.log"):
        (folder / name).unlink(missing_ok=True)
    print(f"removed the data in {folder}")


@contextmanager
def running_stack(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Run a stack in `folder` on free ports for the block; it also stops when this process dies.

    `arguments` are those of `run`. Raises UserError when it does not become ready.
    """
    free_ports = {
        "PORT": "0",
        "KAFKA_PORT": "",
        "POSTGRES_PORT": "",
        "STORE_PORT": "",
        "PROJECTOR_PORT": "",
        "NOTIFIER_PORT": "",
    }
    no_web_client = {"WEB_ROOT": ""}
    environment = {**free_ports, **no_web_client, **(env or {})}
    child = _launch(folder, die_with_parent(signal.SIGTERM), arguments, environment)
    try:
        yield _wait_until_ready(folder, child, lambda line: None)
    finally:
        child.terminate()
        try:
            child.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _launch(
    folder: Path, prefix: Sequence[str], arguments: Sequence[str], env: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    command = [*prefix, *module("deploy.local", "run", f"--data={folder}", *arguments)]
    _log(folder).touch(mode=0o600)  # may quote what the services print
    _log(folder).chmod(0o600)  # an earlier release created it readable by all
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


def _wait_until_ready(folder: Path, child: subprocess.Popen[bytes], on_line: Callable[[str], None]) -> Stack:
    """Pass on the supervisor's own lines until a stack is ready in `folder`, by this child or another run."""
    services: set[str] = set()
    with _log(folder).open(errors="replace") as log:
        while True:
            exited = (
                child.poll() is not None
            )  # before loading: a losing child exits once the winner is recorded
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
    lines = _log(folder).read_text(errors="replace").split("\n")
    return next((line for line in reversed(lines) if line), "did not start")


def _log(folder: Path) -> Path:
    return folder / "parley.log"
