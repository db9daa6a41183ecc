"""Pages of a long past (W2, W3): `python -m bench.pages`. Parley's, and a bare page of 50 of the same rows.

A closed loop over a few connections: pages a second, and CPU a page of all processes that it takes, the
database's too. Rounds take turns A B B A.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

from pydantic import BaseModel

from bench import accounts, results, stored
from bench.child import Child, child
from bench.fetcher import Fetched, Fetching, Reading
from bench.figures import quantile
from bench.peers.bare import bare
from bench.side_by_side import turns
from bench.stored import READER, Stored
from bench.target import Parley, parley
from bench.verdict import crowded
from deploy.local.errors import UserError

_WAY = ("gateway", "store", "postgres")
"""The processes of Parley that a page takes; the others' CPU is nobody's fault."""


class Pages(BaseModel):
    """One round. Times in milliseconds, CPU in microseconds a page."""

    pages: int
    per_second: float
    p50: float
    p99: float
    cpu: dict[str, float]
    server: float
    """CPU of all processes but the driver."""
    wrong: int
    marks: list[str]


@dataclass
class Reader:
    """Reads one kind of page."""

    name: str
    fetcher: Child
    way: Mapping[str, int]
    """pids of the processes that it takes, by name."""
    beside: Mapping[str, int]
    """Of those that stand by."""

    def round(self, seconds: float, seed: int) -> Pages:
        mine = {**self.way, "driver": self.fetcher.pid}
        idle = {f"idle {name}": pid for name, pid in self.beside.items() if pid not in mine.values()}
        before = accounts.look({**mine, **idle})
        told = Fetched.model_validate_json(self.fetcher.ask(Reading(seconds=seconds, seed=seed)))
        used = accounts.between(before, accounts.look({**mine, **idle}))
        used.aside(idle)
        return pages(told, used)


def pages(told: Fetched, used: accounts.Used) -> Pages:
    count = len(told.latencies)
    cpu = {name: seconds / max(count, 1) * 1e6 for name, seconds in used.cpu.items()}
    marks = [f"wrong {told.wrong}"] if told.wrong else []
    return Pages(
        pages=count,
        per_second=count / told.seconds,
        p50=quantile(told.latencies, 0.5) * 1e3,
        p99=quantile(told.latencies, 0.99) * 1e3,
        cpu=cpu,
        server=sum(spent for name, spent in cpu.items() if name != "driver"),
        wrong=told.wrong,
        marks=[*marks, *crowded(used)],
    )


def main() -> int:
    """The exit code: 0 when every page was whole."""
    chosen = _parser().parse_args()
    try:
        with parley() as target:
            print(f"writing {Stored().times(chosen.times)}", file=sys.stderr)
            told = _measure(target, chosen)
            results.keep(chosen.name, {"parley": target.settings()}, told)
    except UserError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    return 1 if any(each.wrong for rounds in told.values() for each in rounds) else 0


def _measure(target: Parley, chosen: argparse.Namespace) -> dict[str, list[Pages]]:
    long = stored.write(target.stack.database, Stored().times(chosen.times))
    with _readers(target, long, chosen.connections) as readers:
        told: dict[str, list[Pages]] = {reader.name: [] for reader in readers}
        for reader in readers:
            reader.round(2, 0)  # warm
        for number, reader in enumerate(turns(readers, chosen.rounds)):
            told[reader.name].append(reader.round(chosen.seconds, number))
            print(line(reader.name, told[reader.name][-1]), flush=True)
    for name, rounds in told.items():
        good = [each for each in rounds if not each.marks] or rounds
        print(f"{name}: median {median(e.per_second for e in good):.0f}/s, {len(good)} of {len(rounds)}")
    return told


def line(name: str, told: Pages) -> str:
    parts = ", ".join(f"{process} {spent:.0f}" for process, spent in told.cpu.items())
    times = f"{told.per_second:6.0f}/s  p50 {told.p50:5.1f}  p99 {told.p99:5.1f} ms"
    return f"{name:>14} {times}  CPU {told.server:5.0f} µs ({parts}) {', '.join(told.marks)}"


@contextmanager
def _readers(target: Parley, long: Sequence[str], connections: int) -> Iterator[list[Reader]]:
    """W2 of Parley and of the bare page, and W3."""
    processes = target.processes()
    way = {name: processes[name] for name in _WAY}
    door = urlsplit(target.stack.gateways[0]).netloc
    with ExitStack() as stack:
        address, pid = stack.enter_context(bare(target.stack.folder, target.stack.database))
        beside = {**processes, "bare": pid}

        def reader(name: str, address: str, way: Mapping[str, int], visits: list[list[str]]) -> Reader:
            plan = Fetching(
                address=address, visits=visits, connections=connections, marker=_marker(name), items=50
            )
            return Reader(name, stack.enter_context(child("bench.fetcher", plan)), way, beside)

        yield [
            reader(
                "history", door, way, [_visit(f"/messages/history?meId={READER}&", each) for each in long]
            ),
            reader(
                "bare",
                address,
                {"bare": pid, "postgres": processes["postgres"]},
                [_visit("/?", each) for each in long],
            ),
            reader("conversations", door, way, [[f"/messages/conversations?meId={READER}&limit=50"]]),
        ]


def _visit(path: str, conversation: str) -> list[str]:
    """The newest 50, and the next 50."""
    newest = f"{path}conversationId={conversation}"
    return [newest, f"{newest}&before={Stored().messages - 49}"]


def _marker(name: str) -> str:
    return '"unreadCount":' if name == "conversations" else '"senderId":'


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--name", default="pages", help="of the file in bench/results/")
    parser.add_argument("--rounds", type=int, default=8, help="of each kind")
    parser.add_argument("--seconds", type=float, default=5, help="of each round")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--times", type=int, default=1, metavar="N", help="as much stored (W8)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
