"""Failpoints kill a process at named points, and never in production."""

import os
import signal
import subprocess
import sys

import pytest

COMES_BY = """
from shared.runtime.failpoints import failpoint
failpoint('here')
failpoint('there')
failpoint('here')
"""


def came_by(**env: str) -> int:
    return subprocess.run([sys.executable, "-c", COMES_BY], env={**os.environ, **env}, check=False).returncode


@pytest.mark.parametrize("where", ["here", "here:2", "there"])
def test_a_process_dies_at_its_failpoint(where: str) -> None:
    assert came_by(FAILPOINT=where) == -signal.SIGKILL


@pytest.mark.parametrize("where", ["", "here:3", "elsewhere"])
def test_a_process_passes_other_failpoints(where: str) -> None:
    assert came_by(FAILPOINT=where) == 0


def test_failpoints_are_ignored_in_production() -> None:
    assert came_by(FAILPOINT="here", ENV="production") == 0
