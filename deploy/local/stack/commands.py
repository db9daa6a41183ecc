"""The commands that act on the stack of a data folder, running or not."""

import asyncio
import os
import shlex
import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.local import programs
from deploy.local.demo import fill, script
from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from deploy.local.stack import state
from deploy.local.stack.daemon import STOP_TIMEOUT_SECONDS, ensure_started, log_path
from deploy.local.stack.state import Stack
from deploy.local.supervisor import handle


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


def down(folder: Path) -> None:
    """Stop the stack of `folder`; block until all of its processes have exited."""
    stack = state.load(folder)
    if stack and stack.supervisor.is_running:
        stack.supervisor.signal(signal.SIGTERM)
        if not stack.supervisor.wait(STOP_TIMEOUT_SECONDS):
            raise UserError(f"process {stack.supervisor.pid} does not stop; see {log_path(folder)}")
        print(f"stopped the stack in {folder}")
        return
    if stack:  # its supervisor was killed
        handle.terminate(stack.processes, 5)
        stack.mark_stopped()
    print(f"nothing is running in {folder}")


def psql(folder: Path) -> None:
    """Replace this process by psql in the database of the stack of `folder`; raise UserError if none runs."""
    stack = state.load_running(folder)
    if stack is None or not stack.ready:
        raise UserError(f"nothing is running in {folder}; start it with: make up")
    program = str(programs.find("psql"))
    url = urlsplit(stack.database)
    parts = {"PGHOST": url.hostname, "PGPORT": url.port, "PGDATABASE": url.path[1:], "PGUSER": url.username}
    env = {name: unquote(str(value)) for name, value in parts.items() if value}
    os.execve(program, ["psql"], {**os.environ, **env, "PGPASSWORD": unquote(url.password or "")})  # noqa: S606  # a fixed program, no shell


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


def _announce(stack: Stack) -> None:
    own = "" if stack.folder == ROOT / ".data" else f"DATA_DIR={shlex.quote(str(stack.folder))} "
    print("", stack.headline, f"Stop it with: {own}make down (your data is kept)", sep="\n", flush=True)
