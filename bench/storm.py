"""A gateway goes, and all its sockets come back to the other one at once: `python -m bench.storm`.

Bystanders on the gateway that stays write to one another all the while; what their messages take is told
before, during and after. The crowd that is dropped is written to as well, and must miss nothing.
"""

import argparse
import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import aiohttp
import httpx
import psycopg

from bench import accounts, results, watch, where
from bench.crowd import Gathering, Return, Spell
from bench.figures import quantile
from bench.harm import Bystanders, Dropped, harm, slower
from bench.plan import Pair, Plan, Report, Round, pairs
from bench.watch import Watch
from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from deploy.local.stack.daemon import running_stack
from deploy.local.stack.state import Stack
from deploy.local.supervisor.process import die_with_parent, module

_AT_ONCE = 64
_BEGIN_TIMEOUT_SECONDS = 120
_COMMITS = "select xact_commit from pg_stat_database where datname = current_database()"


def main() -> int:
    """The exit code: 0 unless something was lost, doubled or misordered, or somebody did not come back."""
    chosen = _parser().parse_args()
    try:
        with _stack() as stack:
            return 0 if Storm(stack, chosen).told() else 1
    except UserError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1


class Storm:
    def __init__(self, stack: Stack, chosen: argparse.Namespace) -> None:
        self._stack = stack
        self._chosen = chosen
        home, refuge = (f"{url.replace('http', 'ws', 1)}/ws?token=" for url in stack.gateways)
        self._gathering = Gathering(home=home, refuge=refuge, members=chosen.sockets)
        self._bystanders = Plan(socket=refuge, pairs=pairs(100, 50))
        self._reports: dict[str, Report] = {}

    def told(self) -> bool:
        """Prints and keeps; whether all promises held."""
        everybody = [*self._gathering.pairs(), *self._bystanders.pairs]
        asyncio.run(begin(self._stack.gateways[1], everybody))
        with (
            _child("bench.crowd", self._gathering.model_dump_json()) as crowd,
            _child("bench.driver", self._bystanders.model_dump_json()) as bystanders,
        ):
            print(f"{self._chosen.sockets} sockets, dropped by {self._chosen.by}")
            self._play(bystanders, "warm", 4)
            self._spell(bystanders, "before", 10)
            returned, dropped = self._storm(crowd, bystanders)
            self._spell(bystanders, "after", 10)
        told = [Bystanders.of(when, report) for when, report in self._reports.items()]
        settings = {name: str(value) for name, value in vars(self._chosen).items()}
        results.keep(self._chosen.name, {"storm": settings}, {"bystanders": told, "crowd": [dropped]})
        wrong = list(harm(self._reports, returned, self._chosen.sockets))
        print(f"the bystanders' p99 during to before: {dropped.p99_during_to_before:.1f}×", *wrong, sep="\n")
        return not wrong

    def _storm(self, crowd: "_Child", bystanders: "_Child") -> tuple[Return, Dropped]:
        roots = {"driver": bystanders.pid, "crowd": crowd.pid}
        roots |= {process.name: process.pid for process in self._stack.reload().processes}
        seconds = self._chosen.seconds
        with self._watching() as seen, self._profiling(roots):
            before = accounts.look(roots)
            crowd.ask(Spell(seconds=seconds, rate=self._chosen.rate).model_dump_json())
            time.sleep(1)
            dropping = threading.Thread(target=self._drop)
            dropping.start()
            began = time.monotonic()
            self._spell(bystanders, "during", seconds - 1)
            used = accounts.between(before, accounts.look(roots))
            returned = Return.model_validate_json(crowd.answer())
            dropping.join()
        self._tell(returned, seen, began)
        print("cpu of a core:", ", ".join(f"{n} {s / used.seconds:.0%}" for n, s in used.cpu.items()))
        commits, during = seen.fastest("commits"), slower(self._reports)
        return returned, Dropped.of(returned, self._chosen.sockets, began, commits, during)

    def _drop(self) -> None:
        """Ends the first gateway; it comes back only with the next stack."""
        hold = self._stack.folder / "hold" / "gateway"
        hold.parent.mkdir(exist_ok=True)
        hold.touch()
        process = self._stack.reload().process("gateway")
        began = time.monotonic()
        process.signal(signal.SIGKILL if self._chosen.by == "kill" else signal.SIGTERM)
        process.wait(30)
        print(f"the gateway was gone after {time.monotonic() - began:.1f} s")

    @contextmanager
    def _watching(self) -> Iterator[Watch]:
        with (
            httpx.Client(timeout=10) as client,
            psycopg.connect(self._stack.database, autocommit=True) as database,
        ):

            def look() -> dict[str, float]:
                commits = database.execute(_COMMITS).fetchall()[0][0]
                return {
                    "commits": float(commits),
                    **watch.metrics(client, self._stack.gateways[1], ""),
                    **watch.metrics(client, self._stack.store, "store:"),
                }

            with watch.watching(look) as seen:
                yield seen

    def _profiling(self, roots: dict[str, int]) -> "nullcontext[None]":
        name = self._chosen.profile
        return where.profile(f"storm-{name}", roots[name]) if name else nullcontext()  # type: ignore[return-value]

    def _play(self, bystanders: "_Child", name: str, seconds: float) -> Report:
        asked = Round(
            name=name, rate=self._chosen.bystanders, seconds=seconds, seed=1, begin=time.monotonic() + 0.1
        )
        bystanders.ask(asked.model_dump_json())
        return Report.model_validate_json(bystanders.answer())

    def _spell(self, bystanders: "_Child", when: str, seconds: float) -> None:
        report = self._reports[when] = self._play(bystanders, when, seconds)
        it = Bystanders.of(when, report)
        print(
            f"bystanders {when}: p50 {it.p50:.0f}, p90 {it.p90:.0f}, p99 {it.p99:.0f}, max {it.max:.0f} ms;"
            f" lost {it.lost}, doubled {it.doubled}, misordered {it.misordered}, closed {it.closed},"
            f" driver late {it.late_p99:.1f} ms",
            flush=True,
        )

    def _tell(self, told: Return, seen: Watch, began: float) -> None:
        ends = sorted(told.ends)
        absent = [quantile(told.absences, share) for share in (0.5, 0.9, 1.0)]
        print(
            f"back: {len(told.absences)}, the last {ends[-1] - began:.1f} s after the drop"
            if ends
            else "none"
        )
        print("absent for s: p50 {:.1f}, p90 {:.1f}, max {:.1f}".format(*absent))
        print(f"synced/s, fastest second: {_fastest(ends)}")
        print(f"dialled {told.dialled}, unanswered {told.unanswered}, closed {told.closes}")
        print(f"messages to the crowd {told.sent}, missing {told.missing}, skipped {told.skipped}")
        print(f"members that are not back {told.away}")
        print(f"database commits/s, fastest second: {seen.fastest('commits'):.0f}")
        mib = [v / 2**20 for v in (seen.first(_RSS), seen.peak(_RSS), seen.last(_RSS))]
        print("gateway memory MiB: before {:.0f}, most {:.0f}, after {:.0f}".format(*mib))
        for name in (
            "gateway_sockets_catching_up",
            "gateway_sockets_arriving",
            "gateway_sockets_put_off_total",
        ):
            print(f"{name}, most seen: {seen.peak(name):.0f}")


_RSS = "process_resident_memory_bytes"


def _fastest(ends: Sequence[float]) -> int:
    return max((sum(begin <= end < begin + 1 for end in ends[n:]) for n, begin in enumerate(ends)), default=0)


async def begin(gateway: str, made: Sequence[Pair]) -> None:
    """Starts all conversations."""
    turns = asyncio.Semaphore(_AT_ONCE)
    async with aiohttp.ClientSession(gateway) as client:

        async def start(pair: Pair) -> None:
            async with turns:
                path = f"/messages/start?meId={quote(pair.a)}"
                while True:
                    async with client.post(path, json={"peerId": pair.b}) as answer:
                        if answer.status != HTTPStatus.SERVICE_UNAVAILABLE:
                            answer.raise_for_status()
                            return
                    await asyncio.sleep(1)  # it was not projected in time; safe to repeat

        async with asyncio.timeout(_BEGIN_TIMEOUT_SECONDS):
            await asyncio.gather(*map(start, made))


class _Child:
    """Answers each line with a line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.pid = process.pid
        self._process = process

    def ask(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise UserError(f"a driver ended with {self._process.wait()}")
        return line


@contextmanager
def _child(name: str, plan: str) -> Iterator[_Child]:
    """Ready when entered, gone when left."""
    pipe = subprocess.PIPE
    command = [*die_with_parent(signal.SIGKILL), *module(name)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    try:
        child = _Child(process)
        child.ask(plan)
        child.answer()
        yield child
    finally:
        process.terminate()
        process.wait(5)


@contextmanager
def _stack() -> Iterator[Stack]:
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    folder.chmod(0o711)  # PostgreSQL's user must get through
    try:
        with running_stack(folder, "--gateways=2") as stack:
            yield stack
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.storm", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--name", default="storm", help="of the file in bench/results/")
    parser.add_argument("--sockets", type=int, default=5_000)
    parser.add_argument("--by", choices=("kill", "term"), default="kill", help="kill -9, or SIGTERM")
    parser.add_argument("--rate", type=float, default=100, help="messages a second to the crowd")
    parser.add_argument("--bystanders", type=float, default=100, help="messages a second of the bystanders")
    parser.add_argument("--seconds", type=float, default=30, help="to watch the return")
    parser.add_argument("--profile", choices=("gateway-2", "store"), help="look into it, into bench/out/")
    return parser


if __name__ == "__main__":
    sys.exit(main())
