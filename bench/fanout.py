"""Sockets (W4) and groups (W5): `python -m bench.fanout`. Parley beside a broadcast server of a tutorial's.

What an idle socket costs in memory, and what it costs in CPU, a frame, to tell one message to a group of
online members. CPU is that of all processes, broker and database too; memory that of the services alone,
because what the others keep does not follow the sockets.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from bench import accounts, log, results, side_by_side, table
from bench.child import Child, child
from bench.figures import quantile
from bench.members import Group, Heard
from bench.peers.stock import stock
from bench.plan import Round, pairs
from bench.side_by_side import turns
from bench.target import Parley, parley
from bench.verdict import LATE, crowded
from bench.wires import Wire
from deploy.local.errors import UserError
from shared.contract import ids

_SERVICES = ("gateway", "notifier", "store", "projector")
_PARTITIONS = int(os.environ.get("PARTITIONS") or 12)


class Fanned(BaseModel):
    """One round. Latencies in milliseconds, CPU in microseconds a frame."""

    members: int
    rate: float
    frames: int
    p50: float
    p99: float
    """From the intended sending to a member's frame."""
    cpu: dict[str, float]
    server: float
    """CPU of all processes but the driver."""
    marks: list[str]


class Idle(BaseModel):
    sockets: int
    kib: float
    """Resident memory a socket."""
    by_process: dict[str, float]


@dataclass
class Hall:
    """A server that groups can be gathered in."""

    name: str
    wire: Wire
    socket: str
    roots: Mapping[str, int]
    services: Mapping[str, int]
    """Those whose memory follows the sockets."""
    kafka: str = ""

    def gather(self, users: list[str]) -> Group:
        """A group of these, where it has to be made."""
        conversation = ids.group_conversation_id(users[0], str(time.time_ns()))
        if self.kafka:
            record = log.started(conversation, users)
            asyncio.run(log.write(self.kafka, _PARTITIONS, iter([(conversation, record)])))
        return Group(socket=self.socket, wire=self.wire, users=users, conversation=conversation)


@dataclass
class Side:
    """One group in one hall."""

    hall: Hall
    members: Child
    beside: Mapping[str, int]
    size: int
    count: int = 0

    def round(self, rate: float, seconds: float) -> Fanned:
        self.count += 1
        asked = Round(
            name=f"f{self.size}-{self.count}",
            rate=rate,
            seconds=seconds,
            seed=self.count,
            begin=time.monotonic() + 0.3,
        )
        roots = {**self.hall.roots, "driver": self.members.pid}
        before = accounts.look({**roots, **self.beside})
        heard = Heard.model_validate_json(self.members.ask(asked))
        used = accounts.between(before, accounts.look({**roots, **self.beside}))
        used.aside(self.beside)
        return fanned(self.size, rate, heard, used)


def fanned(size: int, rate: float, heard: Heard, used: accounts.Used) -> Fanned:
    cpu = {name: seconds / max(heard.frames, 1) * 1e6 for name, seconds in used.cpu.items()}
    counts = {"lost": heard.lost, "doubled": heard.doubled, "closed": heard.closed}
    late = quantile(heard.lateness, 0.99)
    return Fanned(
        members=size,
        rate=rate,
        frames=heard.frames,
        p50=quantile(heard.latencies, 0.5) * 1e3,
        p99=quantile(heard.latencies, 0.99) * 1e3,
        cpu=cpu,
        server=sum(spent for name, spent in cpu.items() if name != "driver"),
        marks=[
            *(f"{name} {count}" for name, count in counts.items() if count),
            *([f"driver late {late * 1e3:.0f} ms"] if late > LATE else []),
            *crowded(used),
        ],
    )


def main() -> int:
    """The exit code: 0 when every frame came."""
    chosen = _parser().parse_args()
    told: dict[str, list[BaseModel]] = {}
    try:
        with parley() as target, stock() as (socket, pid):
            _compile(target, chosen.compile)
            halls = [_parley(target), Hall("stock", "stock", socket, {"stock": pid}, {"stock": pid})]
            for hall in halls:
                told[f"{hall.name} idle"] = [_idle(hall, chosen.idle)]
            for size, rate in chosen.groups:
                told |= _fan_out(halls, size, rate, chosen)
            settings = {"parley": target.settings(), "stock": {"uvicorn": target.settings()["uvicorn"]}}
            results.keep(chosen.name, settings, told)
    except UserError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    return 0


def _compile(target: Parley, seconds: float) -> None:
    """Groups alone send so little that Kafka's JIT would be at work for hours, and most of what is seen."""
    with side_by_side.benches([target], pairs(100, 50), 1) as sides:
        for side in sides:
            print(f"warming: {table.line(side.round(target.warm, seconds))}", file=sys.stderr)


def _parley(target: Parley) -> Hall:
    processes = target.processes()
    services = {name: processes[name] for name in _SERVICES}
    return Hall("parley", "parley", target.socket, processes, services, target.stack.kafka)


def _idle(hall: Hall, count: int) -> Idle:
    """Grown since before they came. Some came and went before, so that code and pools are there already."""
    with child("bench.members", hall.gather([f"early-{n:05d}" for n in range(50)])):
        time.sleep(1)
    time.sleep(1)
    before = {name: _resident(pid) for name, pid in hall.services.items()}
    group = Group(socket=hall.socket, wire=hall.wire, users=[f"idle-{n:05d}" for n in range(count)])
    with child("bench.members", group):
        time.sleep(5)
        grown = {name: (_resident(pid) - before[name]) / count for name, pid in hall.services.items()}
    told = Idle(sockets=count, kib=sum(grown.values()), by_process=grown)
    parts = ", ".join(f"{name} {kib:.1f}" for name, kib in grown.items())
    print(f"{hall.name:>8} {count} idle sockets: {told.kib:.1f} KiB each ({parts})", flush=True)
    return told


def _fan_out(
    halls: list[Hall], size: int, rate: float, chosen: argparse.Namespace
) -> dict[str, list[BaseModel]]:
    told: dict[str, list[BaseModel]] = {f"{hall.name} {size}": [] for hall in halls}
    with _sides(halls, size) as sides:
        for side in sides:
            side.round(3 * rate, chosen.warm_up)
        for side in turns(sides, chosen.rounds):
            found = side.round(rate, chosen.seconds)
            told[f"{side.hall.name} {size}"].append(found)
            print(line(side.hall.name, found), flush=True)
    return told


@contextmanager
def _sides(halls: list[Hall], size: int) -> Iterator[list[Side]]:
    users = [f"member-{size}-{n:05d}" for n in range(size)]
    everything = {f"{hall.name}: {name}": pid for hall in halls for name, pid in hall.roots.items()}
    with ExitStack() as stack:
        sides = []
        for hall in halls:
            beside = {n: pid for n, pid in everything.items() if not n.startswith(f"{hall.name}: ")}
            members = stack.enter_context(child("bench.members", hall.gather(users)))
            sides.append(Side(hall, members, beside, size))
        yield sides


def line(name: str, told: Fanned) -> str:
    parts = ", ".join(f"{process} {spent:.1f}" for process, spent in told.cpu.items())
    times = f"{told.members:5d} × {told.rate:g}/s  p50 {told.p50:5.1f}  p99 {told.p99:6.1f} ms"
    return f"{name:>8} {times}  CPU a frame {told.server:5.1f} µs ({parts}) {', '.join(told.marks)}"


def _resident(pid: int) -> float:
    """KiB."""
    for row in Path(f"/proc/{pid}/status").read_text().splitlines():
        if row.startswith("VmRSS:"):
            return float(row.split()[1])
    return 0.0


def _groups(text: str) -> list[tuple[int, float]]:
    return [(int(size), float(rate)) for size, _, rate in (each.partition(":") for each in text.split(","))]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.fanout", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--name", default="fanout", help="of the file in bench/results/")
    parser.add_argument("--rounds", type=int, default=8, help="of each group and server")
    parser.add_argument("--seconds", type=float, default=5, help="of each round")
    parser.add_argument("--warm-up", type=float, default=20, metavar="SECONDS", help="not counted")
    parser.add_argument(
        "--compile", type=float, default=120, metavar="SECONDS", help="for Kafka's JIT, not counted"
    )
    parser.add_argument("--idle", type=int, default=2_000, metavar="N", help="sockets")
    sizes = [(100, 20.0), (1_000, 5.0)]
    parser.add_argument(
        "--groups", type=_groups, default=sizes, metavar="SIZE:RATE,…", help="messages a second"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
