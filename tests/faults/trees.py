"""A process and all that it started: PostgreSQL serves each connection by a process of its own."""

from contextlib import suppress
from pathlib import Path

from deploy.local.supervisor.handle import ProcessHandle


def family(parent: ProcessHandle) -> list[ProcessHandle]:
    """The process first, then its children, as they are now."""
    return [
        parent,
        *(each for pid in _children(parent.pid) for each in family(ProcessHandle.of_pid(parent.name, pid))),
    ]


def _children(pid: int) -> list[int]:
    pids: list[int] = []
    with suppress(OSError):  # it is gone already
        for task in Path(f"/proc/{pid}/task").iterdir():
            pids += map(int, (task / "children").read_text().split())
    return pids
