"""CPU by process tree, and what else happened on the machine."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import psutil
from pydantic import BaseModel


class Usage(BaseModel):
    """Use between two moments, in seconds, of one core where not stated otherwise."""

    seconds: float
    cpu: dict[str, float]
    """By process, its descendants included."""
    steal: float
    others: float
    """CPU of all other processes of the machine."""
    standby: float = 0.0
    """CPU of servers that stood by."""

    def per_unit(self, count: int) -> dict[str, float]:
        """Microseconds of CPU for each of `count` units of work, by process."""
        return {name: seconds / max(count, 1) * 1e6 for name, seconds in self.cpu.items()}


class MachineTimes(NamedTuple):
    """Seconds of CPU since boot, of all cores."""

    busy: float
    steal: float


class Snapshot(NamedTuple):
    """One moment; `trees` in seconds of CPU by name."""

    moment: float
    trees: dict[str, float]
    machine: MachineTimes


class CpuMeter:
    """Accounts for the CPU from its construction until `usage`.

    `roots` are pids by name. A tree includes its descendants, also those that ended and were waited for, but
    no other root. `standby` are roots of servers that are not measured now.
    """

    def __init__(self, roots: Mapping[str, int], standby: Mapping[str, int] | None = None) -> None:
        taken = set(roots.values())
        self._standby = {f"standby {n}": pid for n, pid in (standby or {}).items() if pid not in taken}
        self._roots = {**roots, **self._standby}
        self._before = snapshot(self._roots)

    def usage(self) -> Usage:
        usage = between(self._before, snapshot(self._roots))
        usage.standby = sum(usage.cpu.pop(name) for name in self._standby)
        return usage


def server_sum(cpu: Mapping[str, float]) -> float:
    """The CPU of all processes but the load generators."""
    return sum(spent for name, spent in cpu.items() if not name.startswith("driver"))


def snapshot(roots: Mapping[str, int]) -> Snapshot:
    children: dict[int, list[int]] = {}
    own: dict[int, float] = {}
    for process in psutil.process_iter(["ppid", "cpu_times"]):
        if times := process.info["cpu_times"]:
            own[process.pid] = times.user + times.system + times.children_user + times.children_system
            children.setdefault(process.info["ppid"], []).append(process.pid)
    other_roots = set(roots.values())

    def tree(pid: int) -> float:
        below = (child for child in children.get(pid, ()) if child not in other_roots)
        return own.get(pid, 0.0) + sum(map(tree, below))

    return Snapshot(
        time.monotonic(), {name: tree(pid) for name, pid in roots.items()}, machine(psutil.cpu_times())
    )


def between(before: Snapshot, after: Snapshot) -> Usage:
    cpu = {name: after.trees[name] - before.trees[name] for name in before.trees}
    busy = after.machine.busy - before.machine.busy
    return Usage(
        seconds=after.moment - before.moment,
        cpu=cpu,
        steal=after.machine.steal - before.machine.steal,
        others=max(0.0, busy - sum(cpu.values())),
    )


def machine(times: Any) -> MachineTimes:
    """Of psutil's cpu_times(), whose type depends on the platform. Idle time and waiting are no work."""
    busy = times.user + times.nice + times.system + times.irq + times.softirq
    return MachineTimes(busy, times.steal)
