"""Catching up with a long log (W6)."""

import asyncio
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pydantic import BaseModel

from bench.load.plan import Conversation
from bench.measure.cpu_accounting import CpuMeter, Usage, server_sum
from bench.measure.round_validity import disturbances
from bench.scenarios.scenario import Recorder, option, turns
from bench.systems import seed_events
from bench.systems.parley import PARTITIONS, Stack, postgres_settings, running_stack, work_folder
from bench.systems.peers import install
from bench.systems.server_process import server_process
from deploy.local.errors import UserError
from deploy.local.supervisor.process import module
from shared.kafka import OutgoingRecord
from shared.log.topics import Topics

_TABLES = "progress, conversations, members, messages, journal, journal_personal"
_PROJECTED = "select coalesce(sum(next_offset), 0) from progress"
_FAUST_AGENT = Path(install.__file__).with_name("faust_agent.py")
_TIMEOUT_SECONDS = 600


class EventFigures(BaseModel):
    events: int
    per_second: float
    cpu: float
    """Microseconds an event, of consumer, database and broker."""
    marks: list[str]


def event_figures(count: int, seconds: float, usage: Usage) -> EventFigures:
    cpu = server_sum(usage.per_unit(count))
    return EventFigures(events=count, per_second=count / seconds, cpu=cpu, marks=disturbances(usage))


def groups(count: int, prefix: str = "") -> list[Conversation]:
    return [Conversation.group(f"{prefix}{number}", ["bench", "other"]) for number in range(count)]


def projected(connection: "psycopg.Connection[tuple[int]]") -> int:
    """How many offsets the projector has passed, of all partitions."""
    return int(connection.execute(_PROJECTED).fetchall()[0][0])


def wait_projected(connection: "psycopg.Connection[tuple[int]]", count: int) -> float:
    """Block until so many offsets were projected; return the moment. Raises UserError after ten minutes."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while (done := projected(connection)) < count:
        if time.monotonic() > deadline:
            raise UserError(f"{done} of {count} events were projected in ten minutes")
        time.sleep(0.02)
    return time.monotonic()


@dataclass
class CatchUp:
    """Project a long log into an empty database (W6).

    Beside a Faust agent that does nothing, on the same events of the same broker, in turn.
    """

    name: str = option("catch_up", "of the file in bench/results/")
    events: int = option(1_000_000, "in the log")
    conversations: int = option(1_000, "which they are spread over")
    rounds: int = option(2, "of each")

    def run(self, recorder: Recorder) -> None:
        faust = install.environment("faust", "faust-streaming==0.15.3")
        sides: dict[str, Callable[[Stack], EventFigures]] = {
            "parley": self._project,
            "faust": lambda stack: self._count(stack, faust),
        }
        with work_folder() as folder:
            with running_stack(folder):
                pass  # it creates topics and tables
            with running_stack(folder, "--no-services") as stack:
                recorder.settings["parley"] = postgres_settings(stack.database)
                recorder.settings["faust"] = install.versions(faust, "faust-streaming", "aiokafka")
                began = time.monotonic()
                conversations = groups(self.conversations)
                self._write(stack, map(seed_events.started, conversations))
                self._write(stack, seed_events.sent(conversations, self.events))
                print(f"wrote {self.events} events in {time.monotonic() - began:.0f} s", file=sys.stderr)
                for name in turns(list(sides), self.rounds):
                    recorder.add(name, sides[name](stack))

    def _write(self, stack: Stack, records: Iterable[OutgoingRecord]) -> None:
        asyncio.run(seed_events.write(stack.kafka, PARTITIONS, records))

    def _project(self, stack: Stack) -> EventFigures:
        """From an empty database to the log's end; the clock runs from the first event that is projected."""
        end = self.events + self.conversations + PARTITIONS
        where = {"DATABASE_URL": stack.database, "KAFKA_BOOTSTRAP": stack.kafka}
        command, log = module("message_store", "project"), stack.folder / "projector.log"
        with psycopg.connect(stack.database, autocommit=True) as connection:
            connection.execute(f"truncate {_TABLES}".encode())
            connection.execute("checkpoint")
            with server_process(command, log, {**where, "PORT": "0", "HOST": "127.0.0.1"}) as pid:
                began = wait_projected(connection, PARTITIONS + 1)
                meter = CpuMeter({"projector": pid, **stack.pids()})
                done = projected(connection)
                seconds = wait_projected(connection, end) - began
                return event_figures(end - done, seconds, meter.usage())

    def _count(self, stack: Stack, environment: Path) -> EventFigures:
        """The same events, by the Faust agent."""
        count = self.events + self.conversations
        folder, log = stack.folder / "faust", stack.folder / "faust.log"
        python, topic = str(environment / "bin" / "python"), Topics.with_prefix().events
        command = [python, str(_FAUST_AGENT), stack.kafka, topic, str(count), str(folder)]
        log.unlink(missing_ok=True)
        with server_process(command, log, {}) as pid:
            meter = CpuMeter({"faust": pid, **stack.pids()})
            rate = self._wait_for_rate(log)
            usage = meter.usage()
        shutil.rmtree(folder, ignore_errors=True)
        return event_figures(count, count / rate, usage)

    def _wait_for_rate(self, log: Path) -> float:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            for line in log.read_text(errors="replace").splitlines():
                if line.startswith("rate "):
                    return float(line.split()[1])
            time.sleep(0.05)
        raise UserError(f"faust did not finish: {log.read_text(errors='replace')[-500:]}")
