"""Pages out of many messages (W2, W3): Parley's, and a bare page of 50 of the same rows."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import BaseModel

from bench.load.page_reader import ReadingPlan, ReadReport, ReadRequest
from bench.load.worker_process import Worker, worker
from bench.measure.cpu_accounting import CpuMeter, Usage, server_sum
from bench.measure.round_validity import disturbances
from bench.scenarios.scenario import Recorder, option, turns
from bench.systems import seed_read_models
from bench.systems.parley import Parley, parley
from bench.systems.peers.bare_page import bare_page
from bench.systems.seed_read_models import READER, Volume

_PAGE_PROCESSES = ("gateway", "store", "postgres")
"""Those of Parley's that serve a page; the others stand by."""
_CONVERSATIONS = f"/messages/conversations?meId={READER}&limit=50"


class PageFigures(BaseModel):
    """One round. Times in milliseconds, CPU in microseconds a page."""

    pages: int
    per_second: float
    p50: float
    p99: float
    cpu: dict[str, float]
    server: float
    """CPU of all processes but the load generator."""
    wrong: int
    marks: list[str]


@dataclass
class PageSide:
    """Reads one kind of page."""

    name: str
    reader: Worker
    roots: Mapping[str, int]
    """pids of the processes that serve it, by name."""
    standby: Mapping[str, int]

    def round(self, seconds: float, seed: int) -> PageFigures:
        meter = CpuMeter({**self.roots, "driver": self.reader.pid}, self.standby)
        report = self.reader.call(ReadRequest(seconds=seconds, seed=seed), ReadReport)
        return page_figures(report, meter.usage())


def page_figures(report: ReadReport, usage: Usage) -> PageFigures:
    count = len(report.latencies)
    cpu = usage.per_unit(count)
    return PageFigures(
        pages=count,
        per_second=count / report.seconds,
        p50=report.latencies.milliseconds(50),
        p99=report.latencies.milliseconds(99),
        cpu=cpu,
        server=server_sum(cpu),
        wrong=report.wrong,
        marks=[*([f"wrong {report.wrong}"] if report.wrong else []), *disturbances(usage)],
    )


@contextmanager
def history_side(
    name: str, system: Parley, long: Sequence[str], connections: int, standby: Mapping[str, int]
) -> Iterator[PageSide]:
    """History pages of Parley's gateway."""
    visits = [_newest_and_next(f"/messages/history?meId={READER}&", conversation) for conversation in long]
    with _reader(_gateway(system), visits, connections) as reader:
        yield PageSide(name, reader, _serving(system), standby)


def _reader(
    address: str, visits: list[list[str]], connections: int, marker: str = '"senderId":'
) -> AbstractContextManager[Worker]:
    plan = ReadingPlan(address=address, visits=visits, connections=connections, marker=marker, items=50)
    return worker("bench.load.page_reader", plan)


def _gateway(system: Parley) -> str:
    return urlsplit(system.stack.gateways[0]).netloc


def _serving(system: Parley) -> dict[str, int]:
    return {name: pid for name, pid in system.processes().items() if name in _PAGE_PROCESSES}


def _newest_and_next(path: str, conversation: str) -> list[str]:
    """The newest 50, and the next 50."""
    newest = f"{path}conversationId={conversation}"
    return [newest, f"{newest}&before={Volume().messages - 49}"]


@dataclass
class Pages:
    """Read pages of history and of conversations in a closed loop over a few connections (W2, W3).

    Pages a second, and CPU a page of all processes that serve it, the database included; beside a bare ASGI
    page of the same rows, in turn. Fails when a page was not whole.
    """

    name: str = option("pages", "of the file in bench/results/")
    rounds: int = option(8, "of each kind of page")
    seconds: float = option(5.0, "of each round")
    connections: int = option(4, "of each kind of page")
    times: int = option(1, "so many times as many messages (W8)")

    def run(self, recorder: Recorder) -> None:
        with ExitStack() as stack:
            system = stack.enter_context(parley())
            volume = Volume().times(self.times)
            print(f"writing {volume}", file=sys.stderr)
            long = seed_read_models.write(system.stack.database, volume)
            recorder.settings["parley"] = system.settings()
            sides = self._sides(system, long, stack)
            for side in sides:
                recorder.show(f"warm-up: {side.name}", side.round(2, 0))
            for number, side in enumerate(turns(sides, self.rounds)):
                figures = side.round(self.seconds, number)
                recorder.add(side.name, figures)
                if figures.wrong:
                    recorder.failures.append(f"{side.name}: {figures.wrong} pages were not whole")

    def _sides(self, system: Parley, long: Sequence[str], stack: ExitStack) -> list[PageSide]:
        """W2 of Parley and of the bare page, and W3."""
        address, bare_pid = stack.enter_context(bare_page(system.stack.folder, system.stack.database))
        processes = system.processes()
        standby = {**processes, "bare": bare_pid}
        visits = [_newest_and_next("/?", conversation) for conversation in long]
        bare = stack.enter_context(_reader(address, visits, self.connections))
        conversations = stack.enter_context(
            _reader(_gateway(system), [[_CONVERSATIONS]], self.connections, '"unreadCount":')
        )
        return [
            stack.enter_context(history_side("history", system, long, self.connections, standby)),
            PageSide("bare", bare, {"bare": bare_pid, "postgres": processes["postgres"]}, standby),
            PageSide("conversations", conversations, _serving(system), standby),
        ]
