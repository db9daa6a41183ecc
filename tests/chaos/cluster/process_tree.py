"""A process with its descendants: PostgreSQL serves each connection by a process of its own."""

from contextlib import suppress

import psutil


def pause(pid: int) -> None:
    """Stop (SIGSTOP) the process, then its descendants."""
    for process in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            process.suspend()


def resume(pid: int) -> None:
    for process in reversed(_tree(pid)):
        with suppress(psutil.NoSuchProcess):
            process.resume()


def is_paused(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


def _tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
