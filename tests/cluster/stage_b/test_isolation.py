"""What the cluster can reach: nothing but itself."""

import errno
import os
import socket
from pathlib import Path

import pytest

pytestmark = pytest.mark.cluster

DOCUMENTATION_ADDRESS = "192.0.2.1"
"""Of no machine (RFC 5737)."""


def test_there_is_no_route_out() -> None:
    with (
        socket.socket() as connection,
        pytest.raises(OSError, match=os.strerror(errno.ENETUNREACH)),
    ):
        connection.connect((DOCUMENTATION_ADDRESS, 80))


def test_loopback_is_the_only_device() -> None:
    assert [name for _, name in socket.if_nameindex()] == ["lo"]


def test_only_processes_of_this_run_can_be_seen() -> None:
    command = Path("/proc/1/cmdline").read_text().split("\0")
    assert "tests.cluster.sandbox.init" in command
