"""Which process a pid means: pids are used again, so each is kept with the moment that it started."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Running(BaseModel):
    """A process that was started: `started` is its boot and its start in clock ticks since then."""

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        return _started(self.pid) == self.started

    def signal(self, number: signal.Signals) -> None:
        """Signals this process and never another that got its pid later."""
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(self.pid)
            try:
                if self.alive:  # asked while the handle pins the pid
                    signal.pidfd_send_signal(handle, number)
            finally:
                os.close(handle)

    def wait(self, seconds: float) -> bool:
        """Blocks until it is gone, `seconds` at most; says whether it is."""
        deadline = time.monotonic() + seconds
        while self.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.alive


def running(name: str, pid: int) -> Running:
    """The process that has `pid` now; one that is gone already never counts as alive."""
    return Running(name=name, pid=pid, started=_started(pid) or "gone")


def end(processes: Sequence[Running], gently: signal.Signals, seconds: float) -> None:
    """Signals all, blocks until they are gone, and kills what is left after `seconds`."""
    for process in processes:
        process.signal(gently)
    deadline = time.monotonic() + seconds
    for process in processes:
        if not process.wait(max(0.0, deadline - time.monotonic())):
            process.signal(signal.SIGKILL)
            process.wait(5)


def _started(pid: int) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, ticks = fields[0], fields[19]  # fields 3 and 22 of proc(5)
    return None if state in "ZX" else f"{boot}/{ticks}"
