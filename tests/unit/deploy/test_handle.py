"""Identifying processes by pid and start time."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.supervisor.handle import ProcessHandle, terminate, terminate_child


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


@pytest.mark.parametrize("ignores_sigterm", [False, True])
def test_a_child_is_terminated_and_killed_if_that_does_not_end_it(ignores_sigterm: bool) -> None:
    handler = "signal.signal(signal.SIGTERM, signal.SIG_IGN); " if ignores_sigterm else ""
    code = f"import signal, time; {handler}print(flush=True); time.sleep(300)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    terminate_child(child, 0.5 if ignores_sigterm else 30)
    assert child.returncode == -(signal.SIGKILL if ignores_sigterm else signal.SIGTERM)
    child.stdout.close()
