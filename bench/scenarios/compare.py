"""Two checkouts side by side, in interleaved pairs on one machine."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from math import nan
from pathlib import Path

import psycopg
from pydantic import BaseModel

from bench.load.plan import Conversation, direct_conversations
from bench.measure.cpu_accounting import CpuMeter
from bench.report.paired import median_ratio
from bench.scenarios.catch_up import EventFigures, event_figures, groups, projected, wait_projected
from bench.scenarios.fanout import idle_sockets
from bench.scenarios.message_rounds import MAX_REPEATS, MessageSide, message_sides
from bench.scenarios.pages import PageSide, history_side
from bench.scenarios.scenario import Recorder, numbers, option
from bench.systems import seed_events, seed_read_models
from bench.systems.parley import PARTITIONS, Parley, parley
from bench.systems.seed_read_models import Volume
from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from shared.kafka import OutgoingRecord

_PROJECTION = ("projector", "postgres", "kafka")
_EVENT_CONVERSATIONS = 200
_PAGE_CONNECTIONS = 4


class Measurement(BaseModel):
    """One side of a pair."""

    value: float
    marks: list[str] = []
    faults: int = 0


class PairFigures(BaseModel):
    """One pair. CPU in microseconds, memory in KiB, of one unit of work."""

    base: float
    head: float
    ratio: float
    """Head to base: below 1 the head is cheaper."""
    marks: list[str]


@dataclass
class CheckoutSide:
    """One checkout's stack, with the load generators that are connected to it."""

    system: Parley
    messages: MessageSide
    pages: PageSide


Play = Callable[[CheckoutSide, int], Measurement]
"""Takes a number too, which is never used again."""


def project(
    system: Parley, conversations: list[Conversation], events: int, standby: Mapping[str, int]
) -> EventFigures:
    """Write so many events into a running stack's log, and account for their projection. `standby`: pids of
    servers that are not measured, by name.

    The projector catches up while they are written, so that any commit's stack will do.
    """
    roots = {name: pid for name, pid in system.processes().items() if name in _PROJECTION}
    with psycopg.connect(system.stack.database, autocommit=True) as connection:
        begin = projected(connection)
        _write(system, map(seed_events.started, conversations))
        wait_projected(connection, begin + len(conversations))
        records = list(seed_events.sent(conversations, events))
        meter = CpuMeter({**roots, "driver": os.getpid()}, standby)
        _write(system, records)
        wait_projected(connection, begin + len(conversations) + events)
        usage = meter.usage()
        return event_figures(events, usage.seconds, usage)


def _write(system: Parley, records: Iterable[OutgoingRecord]) -> None:
    asyncio.run(seed_events.write(system.stack.kafka, PARTITIONS, records))


@dataclass
class Compare:
    """Compare the cost of this checkout with that of another one, the base: interleaved pairs on one machine.

    CPU a message at fixed rates, CPU a history page, CPU a projected event, and resident memory an idle
    socket; for each the median ratio of head to base with its 95 % interval. Both sides run their own code in
    their own .venv; this checkout's load generator sends to both. Fails when the lower end of an interval is
    above the limit, or the head lost anything.
    """

    base: str = option("", "checkout to compare with, with its .venv", required=True)
    head: str = option(str(ROOT), "checkout to judge")
    name: str = option("", "of the file in bench/results/, to keep the rounds")
    pairs: int = option(15, "of each measure")
    rates: tuple[float, ...] = option((200, 1400), "messages a second", numbers, metavar="N,N,…")
    seconds: float = option(10.0, "of each round of messages")
    page_seconds: float = option(5.0, "of each round of pages")
    events: int = option(20_000, "of each round of projection")
    idle: int = option(200, "sockets more in each round of memory")
    warm_up: float = option(60.0, "seconds of messages, not counted")
    limit: float = option(1.05, "highest ratio allowed")

    def run(self, recorder: Recorder) -> None:
        with ExitStack() as stack:
            sides = self._start(stack, recorder)
            self._compare_memory(sides, recorder)
            for side in sides:
                warm = side.messages.round(side.system.warm_up_rate, self.warm_up)
                recorder.show(f"warm-up: {side.system.name}", warm)
                side.pages.round(2, 0)
            for measure, play in self._cpu_measures().items():
                self._measure(measure, play, sides, recorder)

    def _start(self, stack: ExitStack, recorder: Recorder) -> list[CheckoutSide]:
        checkouts = {"base": Path(self.base).resolve(), "head": Path(self.head).resolve()}
        for checkout in checkouts.values():
            if not (checkout / ".venv" / "bin" / "python").exists():
                raise UserError(f"{checkout} has no .venv: run `make check` there")
        print(f"starting {' and '.join(map(str, checkouts.values()))}", file=sys.stderr)
        systems = [stack.enter_context(parley(name=name, checkout=path)) for name, path in checkouts.items()]
        recorder.settings |= {system.name: system.settings() for system in systems}
        messages = stack.enter_context(message_sides(systems, direct_conversations(100, 50), 1))
        standby = {f"{s.name}: {name}": pid for s in systems for name, pid in s.processes().items()}
        sides = []
        for system, message_side in zip(systems, messages, strict=True):
            long = seed_read_models.write(system.stack.database, Volume())
            history = history_side(system.name, system, long, _PAGE_CONNECTIONS, standby)
            sides.append(CheckoutSide(system, message_side, stack.enter_context(history)))
        return sides

    def _compare_memory(self, sides: list[CheckoutSide], recorder: Recorder) -> None:
        """Before any load, and sockets stay until the end: new ones would use memory that others left."""
        for side in sides:
            with idle_sockets(side.system, "early", 50):
                pass  # code and pools are loaded by these
        with ExitStack() as stack:

            def socket_memory(side: CheckoutSide, number: int) -> Measurement:
                sockets = idle_sockets(side.system, f"idle-{number}", self.idle)
                return Measurement(value=stack.enter_context(sockets).kib)

            self._measure("memory an idle socket", socket_memory, sides, recorder)

    def _cpu_measures(self) -> dict[str, Play]:
        def message_cpu(rate: float) -> Play:
            def play(side: CheckoutSide, number: int) -> Measurement:
                figures = side.messages.round(rate, self.seconds)
                return Measurement(value=figures.cpu_sum, marks=figures.marks, faults=figures.faults)

            return play

        def page_cpu(side: CheckoutSide, number: int) -> Measurement:
            figures = side.pages.round(self.page_seconds, 1)
            return Measurement(value=figures.server, marks=figures.marks, faults=figures.wrong)

        def event_cpu(side: CheckoutSide, number: int) -> Measurement:
            conversations = groups(_EVENT_CONVERSATIONS, f"{number}-")
            figures = project(side.system, conversations, self.events, side.pages.standby)
            return Measurement(value=figures.cpu, marks=figures.marks)

        return {
            **{f"CPU a message at {rate:g}/s": message_cpu(rate) for rate in self.rates},
            "CPU a history page": page_cpu,
            "CPU a projected event": event_cpu,
        }

    def _measure(self, measure: str, play: Play, sides: list[CheckoutSide], recorder: Recorder) -> None:
        """Base and head in turn, A B B A; a disturbed pair is repeated, and kept only when it stays so."""
        unused = count(1)
        for pair in range(self.pairs):
            for remaining in range(MAX_REPEATS, -1, -1):
                order = sides if pair % 2 == 0 else sides[::-1]
                played = {side.system.name: play(side, next(unused)) for side in order}
                figures = pair_figures(played["base"], played["head"])
                is_faulty = any(measurement.faults for measurement in played.values())
                if not figures.marks or is_faulty or not remaining:
                    break
                recorder.show(measure, figures)
            recorder.add(measure, figures)
            if played["head"].faults:
                recorder.failures.append(f"{measure}: {', '.join(figures.marks)}")
        result = median_ratio(row.model_dump()["ratio"] for row in recorder.rounds[measure])
        print(f"{measure}: {result}", flush=True)
        if result.exceeds(self.limit):
            recorder.failures.append(f"{measure}: {result} is above {self.limit:g}×")


def pair_figures(base: Measurement, head: Measurement) -> PairFigures:
    marks = [*(f"base {mark}" for mark in base.marks), *(f"head {mark}" for mark in head.marks)]
    if min(base.value, head.value) <= 0:  # memory that was free already
        return PairFigures(base=base.value, head=head.value, ratio=nan, marks=[*marks, "nothing to compare"])
    return PairFigures(base=base.value, head=head.value, ratio=head.value / base.value, marks=marks)
