"""Waits until the projection has reached a position or a cursor, with one poller a process for all calls."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from message_store.query_api import metrics
from shared.contract.cursor import Cursor
from shared.contract.position import Position
from shared.http.problems import Problem
from shared.internal.store_api import ProjectionOffsets
from shared.metrics.log_info import expose_log

IDLE_POLL_INTERVAL = 1.0  # seconds
BUSY_POLL_INTERVAL = 0.004  # seconds, while a call waits
POLL_TIMEOUT = 2.0  # seconds


class ProgressWaiter:
    def __init__(self, read_progress: Callable[[], Awaitable[ProjectionOffsets]]) -> None:
        """`read_progress` raises Problem when the database does not answer."""
        self._read_progress = read_progress
        self._projection: ProjectionOffsets | None = None
        self._fault: str | None = "the projection has not been read yet"
        self._begun = self._done = 0
        """Numbers of the last poll begun and the last poll finished. Only a poll that began after a call
        arrived may answer that call."""
        self._polled = asyncio.Event()
        self._waiting = 0
        self._wanted = asyncio.Event()
        metrics.projected.set_function(self._projected)

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            self._begun += 1
            try:
                self._set_projection(await self._read_progress())
            except Problem as problem:
                self._fault = problem.detail
                await asyncio.sleep(0.2)
                continue
            self._fault, self._done = None, self._begun
            self._polled.set()
            self._polled = asyncio.Event()
            await self._pause()

    async def wait_for_position(self, text: str | None, wait: float) -> None:
        """Return once the projection is past the position, if there is one. Raises Problem: `invalid` if the
        text is not a position, `cursor_unusable` if it is of another log, `projection_behind` after `wait`
        seconds, `unavailable` if the database does not answer."""
        if text is not None:
            position = _parse(text)
            await self._wait(lambda projection: _has_passed(projection, position), wait)

    async def wait_for_cursor(self, cursor: Cursor | None, wait: float) -> None:
        """Return once the projection has reached the cursor, if there is one. Raises Problem as
        `wait_for_position` does."""
        if cursor is not None:
            await self._wait(lambda projection: _has_reached(projection, cursor), wait)

    async def _wait(self, is_reached: Callable[[ProjectionOffsets], bool], wait: float) -> None:
        now = asyncio.get_running_loop().time
        began = now()
        fresh, deadline = self._begun + 1, began + wait
        outcome = metrics.not_reached
        self._waiting += 1
        self._wanted.set()
        try:
            async with asyncio.timeout(max(wait, POLL_TIMEOUT)):
                while self._projection is None or not is_reached(self._projection):
                    if self._done >= fresh and now() >= deadline:
                        raise_behind()
                    await self._polled.wait()
            outcome = metrics.reached
        except TimeoutError:
            if self._fault is None:
                raise_behind()
            raise Problem("unavailable", self._fault) from None
        finally:
            self._waiting -= 1
            outcome.inc()
            metrics.position_wait.observe(now() - began)

    def _set_projection(self, projection: ProjectionOffsets) -> None:
        if projection.epoch and (self._projection is None or projection.epoch != self._projection.epoch):
            expose_log(projection.epoch)
        self._projection = projection

    def _projected(self) -> dict[int, float]:
        return dict(enumerate(self._projection.offsets)) if self._projection is not None else {}

    async def _pause(self) -> None:
        if self._waiting:
            await asyncio.sleep(BUSY_POLL_INTERVAL)
            return
        self._wanted.clear()
        try:
            async with asyncio.timeout(IDLE_POLL_INTERVAL):
                await self._wanted.wait()
        except TimeoutError:
            return


def _parse(text: str) -> Position:
    try:
        return Position.parse(text)
    except ValueError:
        raise Problem("invalid", "position: is not a `position`") from None


def _has_passed(projection: ProjectionOffsets, position: Position) -> bool:
    """Raises Problem for a position of another log."""
    if position.epoch != projection.epoch:
        raise Problem("cursor_unusable", "position: belongs to another log")
    if position.partition >= len(projection.offsets):
        raise Problem("invalid", "position: the log has no such partition")
    return projection.offsets[position.partition] > position.offset


def _has_reached(projection: ProjectionOffsets, cursor: Cursor) -> bool:
    """Raises Problem for a cursor of another log."""
    if (cursor.epoch, len(cursor.offsets)) != (projection.epoch, len(projection.offsets)):
        raise Problem("cursor_unusable", "the cursor belongs to another log; fetch anew")
    return not projection.is_behind(dict(enumerate(cursor.offsets)))


def raise_behind() -> NoReturn:
    raise Problem("projection_behind", "the projection has not reached this position yet")
