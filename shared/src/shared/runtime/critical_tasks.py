"""Background work that a process cannot run without: when a task fails the process is stopped in order, and
ends with status 1, so that it is restarted (`shared.service.runner`)."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

from shared.runtime.misconfigured import Misconfigured

log = structlog.get_logger()


class CriticalTasks:
    def __init__(self) -> None:
        self.failures: list[str] = []
        """The tasks that failed: why this process is not alive."""
        self._failed = asyncio.Event()

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run it until it is done or cancelled. A failure is logged, with a traceback unless it is
        Misconfigured, and added to `failures`."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._on_done)
        return task

    @asynccontextmanager
    async def running(self, **work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Run each until it is done or the block is left; then wait until all have ended. A failure does not
        end the block."""
        tasks = [self.start(name, coroutine) for name, coroutine in work.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def wait_for_failure(self) -> None:
        """Return once a task failed."""
        await self._failed.wait()

    def _on_done(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        cause = _cause(task.exception())
        name, context = task.get_name(), {} if isinstance(cause, Misconfigured) else {"exc_info": cause}
        log.critical("task.failed", task=name, reason=str(cause), kind=type(cause).__name__, **context)
        self.failures.append(f"{name} failed")
        self._failed.set()


def _cause(error: BaseException | None) -> BaseException | None:
    """Return the first error inside of groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
