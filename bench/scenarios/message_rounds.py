"""Rounds of messages against running servers, and races of several servers."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from bench.load.plan import Conversation, Plan, Report, Round
from bench.load.worker_process import Worker, worker
from bench.measure.cpu_accounting import CpuMeter, Usage
from bench.measure.figures import Figures, figures
from bench.measure.knee import knee
from bench.measure.profiler import profiled
from bench.measure.round_validity import rows_wrong
from bench.scenarios.scenario import Recorder, turns
from bench.systems.system import System

MAX_REPEATS = 2
"""Of a round that was disturbed through no fault of the server."""


class Side(Protocol):
    @property
    def name(self) -> str: ...

    def round(self, rate: float, seconds: float) -> Figures: ...


@dataclass
class MessageSide:
    """A server, and the workers that are connected to it."""

    system: System
    workers: list[Worker]
    conversations: list[Conversation]
    seed: int
    standby: Sequence[System] = ()
    """Other servers, which are idle meanwhile."""
    profile: str = ""
    """The process to profile."""
    _count: int = 0

    @property
    def name(self) -> str:
        return self.system.name

    def play(self, rate: float, seconds: float) -> tuple[str, list[Report], Usage]:
        """Block until everything was delivered, or timed out; also returns the round's name."""
        self._count += 1
        request = next_round(f"r{self._count}", rate, seconds, self.seed + self._count)
        pids = self._pids()
        standby = {f"{s.name}: {name}": pid for s in self.standby for name, pid in s.processes().items()}
        meter = CpuMeter(pids, standby)
        with profiled(f"{self.profile}-{rate:g}", self.profile, pids):
            for process in self.workers:
                process.request(request)
            reports = [process.answer(Report) for process in self.workers]
        return request.name, reports, meter.usage()

    def round(self, rate: float, seconds: float) -> Figures:
        """Play a round, and look each message up in the history."""
        pids = self._pids()
        name, reports, usage = self.play(rate, seconds)
        wrong = rows_wrong(name, reports, self.system.history(self.conversations, name))
        result = figures(rate, reports, wrong, usage)
        if self._pids() != pids:
            result.marks.append("a process died")
        return result

    def _pids(self) -> dict[str, int]:
        names = ("driver", *(f"driver-{number}" for number in range(2, len(self.workers) + 1)))
        workers = {name: process.pid for name, process in zip(names, self.workers, strict=True)}
        return {**self.system.processes(), **workers}


def next_round(name: str, rate: float, seconds: float, seed: int) -> Round:
    """A round that begins in a moment."""
    return Round(name=name, rate=rate, seconds=seconds, seed=seed, begin=time.monotonic() + 0.3)


@contextmanager
def message_sides(
    systems: Sequence[System],
    conversations: list[Conversation],
    seed: int,
    workers: int = 1,
    senders: int = 2,
) -> Iterator[list[MessageSide]]:
    """Connected to every system. While one is measured the others stand by."""
    with ExitStack() as stack:
        sides = []
        for system in systems:
            started = system.start(conversations)
            plan = Plan(
                address=system.address,
                protocol=system.protocol,
                echo=system.echo,
                senders=senders,
                conversations=started,
                shares=workers,
            )
            plans = [plan.model_copy(update={"share": share}) for share in range(workers)]
            connected = [stack.enter_context(worker("bench.load.clients", part)) for part in plans]
            standby = [other for other in systems if other is not system]
            sides.append(MessageSide(system, connected, started, seed, standby))
        yield sides


@dataclass
class Race:
    """Sides in turn; their rounds go to the recorder."""

    sides: Sequence[Side]
    rounds: int
    """Of each rate and side."""
    seconds: float
    recorder: Recorder

    def at(self, rates: Sequence[float], sides: Sequence[Side] | None = None) -> None:
        """All rates; a disturbed round is repeated, and kept only when it stays disturbed."""
        for rate, side in turns(list(product(rates, sides or self.sides)), self.rounds):
            for remaining in range(MAX_REPEATS, -1, -1):
                result = side.round(rate, self.seconds)
                if not result.disturbed or not remaining:
                    break
                self.recorder.show(side.name, result)
            self.recorder.add(side.name, result)

    def rising(self, rates: Sequence[float]) -> None:
        """Each side up to the first rate that it does not carry."""
        climbing = list(self.sides)
        for rate in rates:
            self.at([rate], climbing)
            climbing = [side for side in climbing if self._knee(side) == rate]
            print(f"{rate:g}/s carried by: {[side.name for side in climbing]}", file=sys.stderr)
            if not climbing:
                break

    def _knee(self, side: Side) -> float:
        return knee([result for result in self.recorder.rounds[side.name] if isinstance(result, Figures)])
