"""Identifies a running process by pid and start time, since pids are reused."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class ProcessHandle(BaseModel):
    """One started process; `started` is the boot id and the start in clock ticks since boot."""

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    started: str

    @classmethod
    def of_pid(cls, name: str, pid: int) -> "ProcessHandle":
        """Identify the process that has `pid` now; if there is none, the handle is never running."""
        return cls(name=name, pid=pid, started=_start_of(pid) or "gone")

    @property
    def is_running(self) -> bool:
        """Whether the process still runs; a zombie does not."""
        return _start_of(self.pid) == self.started

    def signal(self, number: signal.Signals) -> None:
        """Signal this process, never one that reused its pid; do nothing if it has exited."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if self.is_running:
                process.send_signal(number)

    def wait(self, timeout: float) -> bool:
        """Block until it has exited, at most `timeout` seconds; return whether it has."""
        deadline = time.monotonic() + timeout
        while self.is_running and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.is_running


def terminate(processes: Sequence[ProcessHandle], timeout: float) -> None:
    """Send SIGTERM to all, block until they have exited, and kill those left after `timeout` seconds."""
    for process in processes:
        process.signal(signal.SIGTERM)
    deadline = time.monotonic() + timeout
    for process in processes:
        if not process.wait(max(0.0, deadline - time.monotonic())):
            process.signal(signal.SIGKILL)
            process.wait(5)


def terminate_child(child: subprocess.Popen[bytes], timeout: float) -> None:
    """Send SIGTERM to a child, block until it has exited, and kill it after `timeout` seconds."""
    child.terminate()
    try:
        child.wait(timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _start_of(pid: int) -> str | None:
    """Return `started` of a process; in ticks, since setting the clock changes `create_time`."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        ticks = round((process.create_time() - psutil.boot_time()) * TICKS_PER_SECOND)
    except psutil.NoSuchProcess:
        return None
    return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}/{ticks}"
