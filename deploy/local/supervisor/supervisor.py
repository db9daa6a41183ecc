"""Starts processes in stages, keeps them running, and stops them all in reverse order.

    async with Supervisor(context, on_change) as supervisor:    leaving the block stops everything
        await supervisor.run_until_stopped(work(), stopped)     or until a process exits too often

where `work` calls

    await supervisor.run_to_completion(migration)               a command that must succeed
    await supervisor.start(gateway, notifier)                   one stage: returns when all are ready

No process is ever stopped by name. If the supervisor is killed, the kernel stops its children
(`process.die_with_parent`).
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Self

from deploy.local.errors import UserError
from deploy.local.supervisor.handle import ProcessHandle
from deploy.local.supervisor.process import Process
from deploy.local.supervisor.runner import ProcessRunner, StackContext, wait_for_exit

READY_TIMEOUT_SECONDS = 60.0

Stage = dict[ProcessRunner, asyncio.Task[None]]


class Supervisor:
    """Runs the processes of one stack; `on_change` gets all their handles whenever one has started."""

    def __init__(self, context: StackContext, on_change: Callable[[Sequence[ProcessHandle]], None]) -> None:
        self._context = context
        self._on_change = on_change
        self._stages: list[Stage] = []
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for stage in reversed(self._stages):
            await asyncio.gather(*(runner.stop(task) for runner, task in stage.items()))
        self._failure.cancel()

    async def run_until_stopped(self, work: Coroutine[Any, Any, None], stopped: asyncio.Event) -> None:
        """Run `work`, then wait for `stopped`, which also cancels `work`.

        Raises UserError when `work` does or when a process exits too often.
        """
        work_task, stop_task = asyncio.ensure_future(work), asyncio.ensure_future(stopped.wait())
        ends: set[asyncio.Future[Any]] = {stop_task, self._failure}
        try:
            await asyncio.wait({work_task, *ends}, return_when=asyncio.FIRST_COMPLETED)
            if work_task.done():
                work_task.result()
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._failure.done():
                self._failure.result()
        finally:
            work_task.cancel()
            stop_task.cancel()
            await asyncio.wait({work_task, stop_task})

    async def start(self, *processes: Process) -> None:
        """Start one stage and wait until all of it is ready; raise UserError after READY_TIMEOUT_SECONDS."""
        began = time.monotonic()
        runners = [ProcessRunner(process, self._context, self._report_handles) for process in processes]
        self._stages.append({runner: self._run(runner) for runner in runners})
        await gather_or_cancel(*(self._wait_until_ready(runner, began) for runner in runners))

    async def run_to_completion(self, process: Process) -> None:
        """Run a command; raise UserError if it fails. Cancelling kills it and its children."""
        began = time.monotonic()
        child = await process.spawn()
        try:
            reason = await wait_for_exit(process, child, self._context.console)
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            await child.process.wait()
            raise
        if child.process.returncode:
            raise UserError(f"{process.name} failed: {reason}")
        self._context.console.report_detail(f"{process.name} is done after {time.monotonic() - began:.1f} s")

    def kill(self) -> None:
        """Kill all processes at once, in no order."""
        for stage in self._stages:
            for runner in stage:
                runner.kill()

    def _run(self, runner: ProcessRunner) -> asyncio.Task[None]:
        task = asyncio.create_task(runner.run_with_restarts())
        task.add_done_callback(self._record_failure)
        return task

    def _record_failure(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error and not self._failure.done():
            self._failure.set_exception(error)

    def _report_handles(self) -> None:
        runners = (runner for stage in self._stages for runner in stage)
        self._on_change([runner.handle for runner in runners if runner.handle])

    async def _wait_until_ready(self, runner: ProcessRunner, began: float) -> None:
        name = runner.process.name
        try:
            await asyncio.wait_for(runner.ready.wait(), READY_TIMEOUT_SECONDS)
        except TimeoutError:
            raise UserError(f"{name} is not ready after {READY_TIMEOUT_SECONDS:.0f} s") from None
        self._context.console.report_detail(f"{name} is ready after {time.monotonic() - began:.1f} s")


async def gather_or_cancel(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all concurrently; when one fails, cancel the others, wait for them and raise its error."""
    try:
        async with asyncio.TaskGroup() as group:
            for coroutine in coroutines:
                group.create_task(coroutine)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
