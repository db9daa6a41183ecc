"""Runs a command in namespaces of its own: network (loopback only, no route out), mounts, processes and IPC.

When the command ends, or this process dies in any way, the kernel kills every process in them, and with the
last process go the mounts and network devices. This process removes the temporary folder; what a killed one
left, the next run removes. Several runs at once use the same addresses and ports, each in namespaces of its
own.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local import programs
from deploy.local.supervisor.process import die_with_parent
from tests.cluster.sandbox.init import MARK

PREFIX = "parley-kubernetes-"
"""Of the names of temporary folders."""
_NAMESPACES = ("--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child=KILL", "--mount-proc")


def run(build_command: Callable[[Path], Sequence[str]]) -> int:
    """Run the command that `build_command` makes of the temporary folder; return its exit code."""
    with _temporary_folder() as folder:
        inner = [sys.executable, "-m", "tests.cluster.sandbox.init", *build_command(folder)]
        unshare = [*die_with_parent(signal.SIGKILL), str(programs.find("unshare")), *_NAMESPACES]
        return _wait(subprocess.Popen([*unshare, *inner], env={**os.environ, MARK: folder.name}))


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait also after Ctrl-C, which the terminal sends to the command as well."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """Create a folder that other users can enter; it is locked as long as this process runs."""
    _remove_leftovers()
    unlocked = Path(tempfile.mkdtemp(prefix=f"new-{PREFIX}"))
    with (unlocked / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = unlocked.rename(unlocked.with_name(unlocked.name.removeprefix("new-")))
        folder.chmod(0o711)  # PostgreSQL's user must get through
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers() -> None:
    """Remove the folders of runs whose process was killed."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/lock"):
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            shutil.rmtree(lock.parent, ignore_errors=True)
