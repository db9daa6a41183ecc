"""CPU by process tree, and what else happened on the machine: proc(5)."""

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

_TICK = 1 / os.sysconf("SC_CLK_TCK")


class Used(BaseModel):
    """What was used between two moments. In seconds, of one core where not said otherwise."""

    seconds: float
    cpu: dict[str, float]
    """By process, its children included."""
    steal: float
    others: float
    """CPU of all processes that are none of ours."""
    idle: float = 0.0
    """CPU of what stood by."""

    def aside(self, names: Iterable[str]) -> None:
        """These stood by."""
        self.idle = sum(self.cpu.pop(name) for name in names)


class Machine(NamedTuple):
    """Seconds of CPU since boot, of all cores."""

    busy: float
    steal: float


class Accounts(NamedTuple):
    """One moment; `trees` by name in seconds of CPU."""

    moment: float
    trees: dict[str, float]
    machine: Machine


def look(roots: Mapping[str, int]) -> Accounts:
    """`roots` are pids by name; each tree includes its descendants, those that ended and were waited for too,
    but not another root."""
    processes = _processes()
    apart = set(roots.values())
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in processes.items():
        children.setdefault(parent, []).append(pid)

    def tree(pid: int) -> float:
        own = processes[pid][1] if pid in processes else 0.0
        return own + sum(tree(child) for child in children.get(pid, ()) if child not in apart)

    trees = {name: tree(pid) for name, pid in roots.items()}
    return Accounts(time.monotonic(), trees, machine(Path("/proc/stat").read_text()))


def between(before: Accounts, after: Accounts) -> Used:
    cpu = {name: after.trees[name] - before.trees[name] for name in before.trees}
    busy = after.machine.busy - before.machine.busy
    return Used(
        seconds=after.moment - before.moment,
        cpu=cpu,
        steal=after.machine.steal - before.machine.steal,
        others=max(0.0, busy - sum(cpu.values())),
    )


def machine(stat: str) -> Machine:
    """Of the text of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal."""
    user, nice, system, _, _, irq, softirq, steal = (int(word) for word in stat.split()[1:9])
    return Machine((user + nice + system + irq + softirq) * _TICK, steal * _TICK)


def _processes() -> dict[int, tuple[int, float]]:
    """Per pid: its parent, and seconds of CPU with those of its children that were waited for."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended meanwhile
                continue
            found[int(folder.name)] = int(fields[1]), sum(map(int, fields[11:15])) * _TICK
    return found
