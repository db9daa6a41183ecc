"""Tasks that a process cannot live without: when one fails the process ends, so that it is restarted."""

import asyncio
import os
import signal
from typing import TypeVar

import structlog

log = structlog.get_logger()
T = TypeVar("T")


def critical(task: asyncio.Task[T]) -> asyncio.Task[T]:
    """End the process, as by SIGTERM, when the task fails; log why."""
    task.add_done_callback(_on_done)
    return task


def _on_done(task: asyncio.Task[T]) -> None:
    if task.cancelled() or task.exception() is None:
        return
    fault: BaseException | None = task.exception()
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    log.error("process.ended", reason=str(fault), kind=type(fault).__name__, exc_info=fault)
    os.kill(os.getpid(), signal.SIGTERM)
