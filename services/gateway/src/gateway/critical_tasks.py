"""Background work that the gateway cannot run without."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

log = structlog.get_logger()


class CriticalTasks:
    def __init__(self) -> None:
        self.failures: list[str] = []
        """The tasks that failed: why this process is not alive."""
        self._failed = asyncio.Event()

    @asynccontextmanager
    async def running(self, **work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Run each until it is done or the block is left. A failure does not end it: see `failures`."""
        tasks = [asyncio.create_task(coroutine, name=name) for name, coroutine in work.items()]
        for task in tasks:
            task.add_done_callback(self._on_done)
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
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("task.failed", task=task.get_name(), exc_info=error)
            self.failures.append(f"{task.get_name()} failed")
            self._failed.set()
