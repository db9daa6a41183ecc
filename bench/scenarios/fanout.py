"""Idle sockets (W4) and groups (W5): Parley beside the broadcast server of a tutorial."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from pydantic import BaseModel

from bench.load.plan import Conversation, Plan, Report, direct_conversations
from bench.load.worker_process import worker
from bench.measure.cpu_accounting import Usage, server_sum
from bench.measure.round_validity import marks
from bench.scenarios.message_rounds import MessageSide, message_sides
from bench.scenarios.scenario import Recorder, option, turns
from bench.systems.parley import Parley, parley
from bench.systems.peers.broadcast_server import broadcast_server
from bench.systems.system import System

_SETTLE_SECONDS = 5.0
_CONSTANT_MEMORY = ("kafka", "postgres", "supervisor")
"""Processes whose memory does not grow with the sockets."""
_FAULTS = ("lost", "doubled", "misordered", "closed")


class GroupFigures(BaseModel):
    """One round. Latencies in milliseconds, CPU in microseconds a frame."""

    members: int
    rate: float
    frames: int
    p50: float
    """From the intended sending to a member's frame, as p99."""
    p99: float
    cpu: dict[str, float]
    server: float
    """CPU of all processes but the load generator."""
    marks: list[str]


class IdleFigures(BaseModel):
    sockets: int
    kib: float
    """Resident memory a socket."""
    by_process: dict[str, float]


@contextmanager
def idle_sockets(system: System, prefix: str, count: int) -> Iterator[IdleFigures]:
    """Connect so many sockets, keep them until this is left, and measure how memory grew."""
    before = _resident_kib(system)
    users = [f"{prefix}-{n:05d}" for n in range(count)]
    plan = Plan(address=system.address, protocol=system.protocol, idle=users)
    with worker("bench.load.clients", plan):
        time.sleep(_SETTLE_SECONDS)
        growth = {name: (kib - before[name]) / count for name, kib in _resident_kib(system).items()}
        yield IdleFigures(sockets=count, kib=sum(growth.values()), by_process=growth)


def _resident_kib(system: System) -> dict[str, float]:
    services = {n: pid for n, pid in system.processes().items() if n not in _CONSTANT_MEMORY}
    return {name: psutil.Process(pid).memory_info().rss / 1024 for name, pid in services.items()}


def group_figures(size: int, rate: float, report: Report, usage: Usage) -> GroupFigures:
    cpu = usage.per_unit(report.deliveries)
    faults = {name: getattr(report, name) for name in _FAULTS}
    return GroupFigures(
        members=size,
        rate=rate,
        frames=report.deliveries,
        p50=report.latencies.milliseconds(50),
        p99=report.latencies.milliseconds(99),
        cpu=cpu,
        server=server_sum(cpu),
        marks=marks(faults, report.lateness.milliseconds(99), usage),
    )


def _sizes(text: str) -> tuple[tuple[int, float], ...]:
    pairs = (word.partition(":") for word in text.split(","))
    return tuple((int(size), float(rate)) for size, _, rate in pairs)


@dataclass
class Fanout:
    """Measure memory an idle socket (W4), and CPU a frame of a message to a group of online members (W5).

    CPU is that of all processes, broker and database too; memory that of the services alone, because that of
    the others does not grow with the sockets.
    """

    name: str = option("fanout", "of the file in bench/results/")
    rounds: int = option(8, "of each group and server")
    seconds: float = option(5.0, "of each round")
    warm_up: float = option(20.0, "seconds of each group, not counted")
    compile: float = option(120.0, "seconds for Kafka's JIT, not counted")
    idle: int = option(2_000, "sockets")
    groups: tuple[tuple[int, float], ...] = option(
        ((100, 20.0), (1_000, 5.0)), "messages a second", _sizes, metavar="SIZE:RATE,…"
    )

    def run(self, recorder: Recorder) -> None:
        with parley() as system, broadcast_server() as stock:
            self._compile(system, recorder)
            servers: list[System] = [system, stock]
            for server in servers:
                recorder.settings[server.name] = server.settings()
                with idle_sockets(server, "early", 50):
                    pass  # code and pools are loaded by these
                with idle_sockets(server, "idle", self.idle) as figures:
                    recorder.add(f"{server.name} idle", figures)
            for size, rate in self.groups:
                self._fan_out(servers, size, rate, recorder)

    def _compile(self, system: Parley, recorder: Recorder) -> None:
        """Groups alone send so little that Kafka's JIT would be at work for hours, and most of the CPU."""
        with message_sides([system], direct_conversations(100, 50), 1) as (side,):
            recorder.show("warm-up", side.round(system.warm_up_rate, self.compile))

    def _fan_out(self, servers: Sequence[System], size: int, rate: float, recorder: Recorder) -> None:
        group = Conversation.group(f"of {size}", [f"member-{size}-{n:05d}" for n in range(size)])

        def play(side: MessageSide, messages_per_second: float, seconds: float) -> GroupFigures:
            _, (report,), usage = side.play(messages_per_second, seconds)
            return group_figures(size, messages_per_second, report, usage)

        with message_sides(servers, [group], size, senders=1) as sides:
            for side in sides:
                play(side, 3 * rate, self.warm_up)
            for side in turns(sides, self.rounds):
                recorder.add(f"{side.name} {size}", play(side, rate, self.seconds))
