"""A gateway dies, and all its sockets come back to the other one at once."""

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psycopg

from bench.load.plan import Plan, Report, direct_conversations
from bench.load.reconnecting_clients import LoadPhase, PhaseReport, StormSetup
from bench.load.worker_process import Worker, worker
from bench.measure.cpu_accounting import CpuMeter
from bench.measure.metrics_sampler import Samples, read_metrics, sampling
from bench.measure.profiler import profiled
from bench.measure.storm_impact import ReconnectedClients, UnaffectedClients, harm, slowdown
from bench.scenarios.message_rounds import next_round
from bench.scenarios.scenario import Recorder, option
from bench.systems.parley import Parley, Stack, parley, socket_url, start_conversations

_COMMITS = "select xact_commit from pg_stat_database where datname = current_database()"
_RSS = "process_resident_memory_bytes"
_PEAKS = ("gateway_sockets_catching_up", "gateway_sockets_arriving", "gateway_sockets_put_off_total")


@dataclass
class ReconnectStorm:
    """Kill a gateway, so that all its sockets come back to the other one at once.

    Clients on the gateway that stays send to one another all the while; their latencies are measured before,
    during and after. The dropped clients get messages as well and must miss nothing. Fails when anything was
    lost, doubled or misordered, or a client did not come back.
    """

    name: str = option("storm", "of the file in bench/results/")
    sockets: int = option(5_000, "that are dropped")
    by: str = option("kill", "kill -9, or SIGTERM", choices=("kill", "term"))
    rate: float = option(100.0, "messages a second to the dropped clients")
    bystanders: float = option(100.0, "messages a second of the unaffected clients")
    seconds: float = option(30.0, "to watch the return")
    profile: str = option("", "to profile into bench/out/", choices=("gateway-2", "store"))

    def run(self, recorder: Recorder) -> None:
        with parley("--gateways=2") as system:
            home, refuge = map(socket_url, system.stack.gateways)
            setup = StormSetup(home=home, refuge=refuge, clients=self.sockets)
            unaffected = Plan(address=refuge, conversations=direct_conversations(100, 50))
            everything = [*setup.conversations(), *unaffected.conversations]
            asyncio.run(start_conversations(system.stack.gateways[1], everything))  # it knows their members
            with (
                worker("bench.load.reconnecting_clients", setup) as dropped,
                worker("bench.load.clients", unaffected) as stayed,
            ):
                self._play(stayed, "warm", 4)
                reports = {"before": self._play(stayed, "before", 10)}
                returned, summary = self._storm(system, dropped, stayed, reports)
                reports["after"] = self._play(stayed, "after", 10)
        recorder.settings["storm"] = {name: str(value) for name, value in vars(self).items()}
        for when, report in reports.items():
            recorder.add("bystanders", UnaffectedClients.summarise(when, report))
        recorder.add("crowd", summary)
        recorder.failures += harm(reports, returned, self.sockets)

    def _storm(
        self, system: Parley, dropped: Worker, stayed: Worker, reports: dict[str, Report]
    ) -> tuple[PhaseReport, ReconnectedClients]:
        stack = system.stack
        roots = {"driver": stayed.pid, "crowd": dropped.pid, **stack.pids()}
        with _sampling(stack) as samples, profiled(f"storm-{self.profile}", self.profile, roots):
            meter = CpuMeter(roots)
            dropped.request(LoadPhase(seconds=self.seconds, rate=self.rate))
            time.sleep(1)
            dropping = threading.Thread(target=self._drop, args=[stack])
            dropping.start()
            began = time.monotonic()
            reports["during"] = self._play(stayed, "during", self.seconds - 1)
            usage = meter.usage()
            returned = dropped.answer(PhaseReport)
            dropping.join()
        cpu = ", ".join(f"{name} {spent / usage.seconds:.0%}" for name, spent in usage.cpu.items())
        print(f"CPU of a core: {cpu}", *_observed(samples), sep="\n")
        commits = samples.fastest_growth("commits")
        summary = ReconnectedClients.summarise(returned, self.sockets, began, commits, slowdown(reports))
        return returned, summary

    def _play(self, clients: Worker, name: str, seconds: float) -> Report:
        return clients.call(next_round(name, self.bystanders, seconds, 1), Report)

    def _drop(self, stack: Stack) -> None:
        """End the first gateway; it comes back only with the next stack."""
        suspended = stack.folder / "suspend" / "gateway"
        suspended.parent.mkdir(exist_ok=True)
        suspended.touch()
        process, began = stack.process("gateway"), time.monotonic()
        process.send_signal(signal.SIGKILL if self.by == "kill" else signal.SIGTERM)
        process.wait(30)
        print(f"the gateway was gone after {time.monotonic() - began:.1f} s", file=sys.stderr)


@contextmanager
def _sampling(stack: Stack) -> Iterator[Samples]:
    with httpx.Client(timeout=10) as http, psycopg.connect(stack.database, autocommit=True) as database:

        def read() -> dict[str, float]:
            return {
                "commits": float(database.execute(_COMMITS).fetchall()[0][0]),
                **read_metrics(http, stack.admin_url("gateway-2")),
                **read_metrics(http, stack.admin_url("store"), "store:"),
            }

        with sampling(read) as samples:
            yield samples


def _observed(samples: Samples) -> Iterator[str]:
    memory = [bytes_ / 2**20 for bytes_ in samples.series(_RSS)]
    yield f"gateway memory MiB: before {memory[0]:.0f}, most {max(memory):.0f}, after {memory[-1]:.0f}"
    for name in _PEAKS:
        yield f"{name}, most seen: {max(samples.series(name)):.0f}"
