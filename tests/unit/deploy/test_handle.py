"""Identifying processes by pid and start time."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.supervisor.handle import ProcessHandle, terminate


@pytest.fixture
def sleep() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_the_start_is_that_of_stack_json_in_earlier_releases() -> None:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    ticks = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    assert ProcessHandle.of_pid("self", os.getpid()).started == f"{boot}/{ticks}"


def test_a_zombie_is_not_running(sleep: subprocess.Popen[bytes]) -> None:
    handle = ProcessHandle.of_pid("sleep", sleep.pid)
    assert handle.is_running
    handle.signal(signal.SIGKILL)
    assert handle.wait(10)
    assert not ProcessHandle.of_pid("sleep", sleep.pid).is_running


def test_a_process_that_reused_the_pid_is_not_signalled(sleep: subprocess.Popen[bytes]) -> None:
    handle = ProcessHandle.of_pid("sleep", sleep.pid)
    earlier = handle.model_copy(update={"started": handle.started[:-1]})
    assert not earlier.is_running
    earlier.signal(signal.SIGKILL)
    terminate([earlier], 0)
    assert handle.is_running


def test_terminate_kills_a_process_that_ignores_sigterm() -> None:
    script = "trap '' TERM; echo ready; while true; do sleep 0.05; done"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        terminate([ProcessHandle.of_pid("sh", process.pid)], 0)
        assert process.wait(10) == -signal.SIGKILL
