"""Starts processes in stages, keeps them running, and stops them all in the reverse order.

    async with Supervisor(around) as supervisor:     leaving it stops everything
        await supervisor.watch(work(), stopped)      until then, or until a process died too often

where the work calls

    await supervisor.once(migration)                 a command that must succeed
    await supervisor.start(gateway, another)         a stage: returns when all of it is ready

Nothing is ever ended by name. The kernel ends the children of a supervisor that was killed (`process.leash`).
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Self

from deploy.local.errors import Failure
from deploy.local.supervisor.handle import Running
from deploy.local.supervisor.process import Process
from deploy.local.supervisor.runner import Keeper, Surroundings, outcome

PATIENCE = 60.0
"""Seconds within which a process must become ready."""

Stage = dict[Keeper, asyncio.Task[None]]


class Supervisor:
    """See the module; `changed` is given all processes whenever one has started."""

    def __init__(self, around: Surroundings, changed: Callable[[Sequence[Running]], None]) -> None:
        self._around = around
        self._changed = changed
        self._stages: list[Stage] = []
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for stage in reversed(self._stages):
            await asyncio.gather(*(keeper.stop(keeping) for keeper, keeping in stage.items()))
        self._failed.cancel()

    async def watch(self, work: Coroutine[Any, Any, None], stopped: asyncio.Event) -> None:
        """Runs `work`, goes on until `stopped`; raises Failure when `work` does or one died too often."""
        working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stopped.wait())
        ends: set[asyncio.Future[Any]] = {stopping, self._failed}
        try:
            await asyncio.wait({working, *ends}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._failed.done():
                self._failed.result()
        finally:
            working.cancel()
            stopping.cancel()
            await asyncio.wait({working, stopping})

    async def start(self, *processes: Process) -> None:
        """Starts one stage and returns when all of it is ready; raises Failure when that takes too long."""
        began = time.monotonic()
        stage = {keeper: self._keep(keeper) for keeper in map(self._keeper, processes)}
        self._stages.append(stage)
        await together(*(self._until_ready(keeper, began) for keeper in stage))

    async def once(self, process: Process) -> None:
        """Runs a command to its end; raises Failure unless it succeeds. Kills it when cancelled."""
        began = time.monotonic()
        child = await process.spawn()
        try:
            ended = await outcome(process, child, self._around.console)
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)  # what it started too
            await child.process.wait()
            raise
        if child.process.returncode:
            raise Failure(f"{process.name} failed: {ended}")
        self._around.console.detail(f"{process.name} is done after {time.monotonic() - began:.1f} s")

    def kill(self) -> None:
        """Ends all at once and without order: for a user who asked twice."""
        for stage in self._stages:
            for keeper in stage:
                keeper.kill()

    def _keeper(self, process: Process) -> Keeper:
        return Keeper(process, self._around, self._tell)

    def _keep(self, keeper: Keeper) -> asyncio.Task[None]:
        keeping = asyncio.create_task(keeper.keep())
        keeping.add_done_callback(self._note)
        return keeping

    def _note(self, keeping: asyncio.Task[None]) -> None:
        error = None if keeping.cancelled() else keeping.exception()
        if error and not self._failed.done():
            self._failed.set_exception(error)

    def _tell(self) -> None:
        keepers = (keeper for stage in self._stages for keeper in stage)
        self._changed([keeper.running for keeper in keepers if keeper.running])

    async def _until_ready(self, keeper: Keeper, began: float) -> None:
        name = keeper.process.name
        try:
            await asyncio.wait_for(keeper.ready.wait(), PATIENCE)
        except TimeoutError:
            raise Failure(f"{name} is not ready after {PATIENCE:.0f} s") from None
        self._around.console.detail(f"{name} is ready after {time.monotonic() - began:.1f} s")


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """All at once; when one fails the others are cancelled and waited for, and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
