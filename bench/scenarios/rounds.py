"""Drivers in processes of their own, and one round after the other over them."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from bench.load.plan import Pair, Plan, Report, Round
from bench.load.worker_process import Child, child
from bench.measure import cpu_accounting as accounts
from bench.measure import profiler as where
from bench.measure.figures import Figures, figures
from bench.measure.round_validity import rows_wrong
from bench.systems.parley import Target


@dataclass
class Drivers:
    """Connected; each has its share of the conversations."""

    processes: list[Child]

    def play(self, asked: Round) -> list[Report]:
        """Blocks until all have finished."""
        for process in self.processes:
            process.tell(asked)
        return [Report.model_validate_json(process.hear()) for process in self.processes]

    def pids(self) -> dict[str, int]:
        names = ("driver", *(f"driver-{number}" for number in range(2, 100)))
        return {name: process.pid for name, process in zip(names, self.processes, strict=False)}


@contextmanager
def drivers(count: int, plan: Plan) -> Iterator[Drivers]:
    """Connected when entered, gone when left."""
    with ExitStack() as stack:
        shares = (plan.model_copy(update={"share": share, "shares": count}) for share in range(count))
        yield Drivers([stack.enter_context(child("bench.load.clients", each)) for each in shares])


def plan(target: Target, pairs: list[Pair]) -> Plan:
    """Makes what it speaks of."""
    named = target.begin(pairs)
    return Plan(
        socket=target.socket, wire=target.wire, copies=target.copies, pairs=pairs, conversations=named
    )


@dataclass
class Bench:
    """Rounds against one target."""

    target: Target
    drivers: Drivers
    pairs: list[Pair]
    seed: int
    profile: str | None = None
    """The process to look into meanwhile."""
    files: list[Path] = field(default_factory=list)
    """The profiles written."""
    beside: Sequence[Target] = ()
    """Other targets that stand by, idle: what they take is nobody's fault."""
    _count: int = 0

    @property
    def name(self) -> str:
        """The target's."""
        return self.target.name

    def round(self, rate: float, seconds: float) -> Figures:
        """Blocks until all of it came, or did not."""
        self._count += 1
        asked = Round(
            name=f"r{self._count}",
            rate=rate,
            seconds=seconds,
            seed=self.seed + self._count,
            begin=time.monotonic() + 0.3,
        )
        roots = {**self.target.processes(), **self.drivers.pids()}
        idle = {f"{each.name}: {name}": pid for each in self.beside for name, pid in each.processes().items()}
        before = accounts.look({**roots, **idle})
        with self._profiling(asked, roots):
            reports = self.drivers.play(asked)
        used = accounts.between(before, accounts.look({**roots, **idle}))
        used.aside(idle)
        wrong = rows_wrong(asked.name, reports, self.target.history(self.pairs, asked.name))
        told = figures(rate, reports, wrong, used)
        if {**self.target.processes(), **self.drivers.pids()} != roots:
            told.marks.append("a process died")
        return told

    @contextmanager
    def _profiling(self, asked: Round, roots: dict[str, int]) -> Iterator[None]:
        with (
            where.profile(f"{self.profile}-{asked.rate:g}", roots[self.profile])
            if self.profile
            else nullcontext() as file
        ):
            yield
        if file:
            self.files.append(file)


def rates_in_turn(rates: Sequence[float], rounds: int) -> list[float]:
    """There and back again, so that what changes slowly strikes all rates alike."""
    return [rate for number in range(rounds) for rate in (rates if number % 2 == 0 else rates[::-1])]
