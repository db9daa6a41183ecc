"""Catching up with a long log (W6): `python -m bench.catch_up`. The projector beside a Faust agent that does
nothing, on the same events of the same broker, one after the other in turns."""

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pydantic import BaseModel

from bench import accounts, log, results
from bench.peers import install
from bench.target import postgres, work_folder
from bench.verdict import crowded
from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from deploy.local.stack.daemon import running_stack
from deploy.local.stack.services import migrations, topics
from deploy.local.stack.state import Stack
from deploy.local.supervisor.process import Process, die_with_parent, module
from shared.contract import ids
from shared.log.topics import Topics

_PARTITIONS = int(os.environ.get("PARTITIONS") or 12)
_TABLES = "progress, conversations, members, messages, journal, journal_personal"
_DONE = "select coalesce(sum(next_offset), 0) from progress"


class Caught(BaseModel):
    events: int
    per_second: float
    cpu: float
    """Microseconds an event, of projector, database and broker."""
    marks: list[str]


def main() -> int:
    """The exit code: 0 when all was projected."""
    chosen = _parser().parse_args()
    told: dict[str, list[BaseModel]] = {"parley": [], "faust": []}
    try:
        with work_folder() as folder, running_stack(folder, "--no-services") as stack:
            _fill(stack, chosen.events, chosen.conversations)
            for number in range(chosen.rounds):
                sides = [("parley", _project), ("faust", _faust)]
                for name, side in sides if number % 2 == 0 else reversed(sides):
                    told[name].append(side(stack, chosen.events + chosen.conversations))
                    print(f"{name:>8} {told[name][-1]}", flush=True)
            faust = install.versions(_environment(), "faust-streaming", "aiokafka")
            results.keep(chosen.name, {"parley": postgres(stack.database), "faust": faust}, told)
    except UserError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    return 0


def _fill(stack: Stack, count: int, conversations: int) -> None:
    """The log, with so many messages in it."""
    _once(topics(stack.kafka))
    _once(migrations(stack.database))
    names = [ids.group_conversation_id("bench", str(number)) for number in range(conversations)]
    began = time.monotonic()
    first = ((name, log.started(name, ["bench", "other"])) for name in names)
    asyncio.run(log.write(stack.kafka, _PARTITIONS, first))
    asyncio.run(log.write(stack.kafka, _PARTITIONS, log.sent(names, count)))
    print(f"wrote {count} events in {time.monotonic() - began:.0f} s", file=sys.stderr)


def _project(stack: Stack, count: int) -> Caught:
    """From an empty database to the log's end; the clock runs from the first event that is projected."""
    with psycopg.connect(stack.database, autocommit=True) as connection:
        connection.execute(f"truncate {_TABLES}".encode())
        connection.execute("checkpoint")
        with _projector(stack) as pid:
            roots = {"projector": pid} | {each.name: each.pid for each in stack.reload().processes}
            began = _reach(connection, _PARTITIONS + 1)
            before = accounts.look(roots)
            done = _done(connection)
            ended = _reach(connection, count + _PARTITIONS)
            used = accounts.between(before, accounts.look(roots))
    return _caught(count + _PARTITIONS - done, ended - began, used)


def _faust(stack: Stack, count: int) -> Caught:
    """The same events."""
    folder = stack.folder / "faust"
    script = Path(__file__).with_name("peers") / "faust_app.py"
    python = str(_environment() / "bin" / "python")
    command = [python, str(script), stack.kafka, Topics.with_prefix().events, str(count), str(folder)]
    with (stack.folder / "faust.log").open("wb") as errors:
        process = subprocess.Popen(
            [*die_with_parent(signal.SIGKILL), *command], stdout=subprocess.PIPE, stderr=errors, text=True
        )
    roots = {"faust": process.pid} | {each.name: each.pid for each in stack.reload().processes}
    before = accounts.look(roots)
    assert process.stdout is not None
    said = next((line for line in process.stdout if line.startswith("rate ")), "")
    used = accounts.between(before, accounts.look(roots))
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    if not said:
        raise UserError(f"faust ended: {(stack.folder / 'faust.log').read_text()[-500:]}")
    return _caught(count, count / float(said.split()[1]), used)


def _caught(count: int, seconds: float, used: accounts.Used) -> Caught:
    cpu = sum(used.cpu.values()) / count * 1e6
    return Caught(events=count, per_second=count / seconds, cpu=cpu, marks=crowded(used))


@contextmanager
def _projector(stack: Stack) -> Iterator[int]:
    env = {"DATABASE_URL": stack.database, "KAFKA_BOOTSTRAP": stack.kafka, "PORT": "0", "HOST": "127.0.0.1"}
    with (stack.folder / "projector.log").open("ab") as out:
        process = subprocess.Popen(
            [*die_with_parent(signal.SIGKILL), *module("message_store", "project")],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _reach(connection: psycopg.Connection[tuple[int]], count: int) -> float:
    """The moment when so many offsets were projected. Raises UserError after ten minutes."""
    deadline = time.monotonic() + 600
    while _done(connection) < count:
        if time.monotonic() > deadline:
            raise UserError(f"{_done(connection)} of {count} events were projected in ten minutes")
        time.sleep(0.02)
    return time.monotonic()


def _done(connection: psycopg.Connection[tuple[int]]) -> int:
    return int(connection.execute(_DONE).fetchall()[0][0])


def _once(process: Process) -> None:
    done = subprocess.run(
        process.argv, cwd=ROOT, env={**os.environ, **process.env}, capture_output=True, check=False
    )
    if done.returncode:
        raise UserError(f"{process.name} failed: {done.stderr.decode()[-300:]}")


def _environment() -> Path:
    return install.environment("faust", "faust-streaming==0.15.3")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.catch_up", description=__doc__)
    parser.add_argument("--name", default="catch_up", help="of the file in bench/results/")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--conversations", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=2, help="of each")
    return parser


if __name__ == "__main__":
    sys.exit(main())
