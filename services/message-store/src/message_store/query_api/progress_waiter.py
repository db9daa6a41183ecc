"""How far the projection is, and waiting until it is further: one poller a process, however many wait."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from shared.contract.cursor import Cursor
from shared.contract.position import Position
from shared.http.problems import Problem


@dataclass(frozen=True)
class ProjectionOffsets:
    """Per partition the next offset to be projected."""

    epoch: str
    offsets: tuple[int, ...]

    def told(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "offsets": list(self.offsets)}

    def covers(self, position: Position) -> bool:
        """Raises Problem for a position of another log."""
        if position.epoch != self.epoch:
            raise Problem("cursor_unusable", "position: belongs to another log")
        if position.partition >= len(self.offsets):
            raise Problem("invalid", "position: the log has no such partition")
        return self.offsets[position.partition] > position.offset

    def holds(self, came_with: Cursor) -> bool:
        """Raises Problem for a cursor of another log."""
        if (came_with.epoch, len(came_with.offsets)) != (self.epoch, len(self.offsets)):
            raise Problem("cursor_unusable", "the cursor belongs to another log; read anew")
        return all(seen <= at for seen, at in zip(came_with.offsets, self.offsets, strict=True))


class ProgressWaiter:
    IDLE, BUSY = 1.0, 0.004  # seconds between two looks: without and with somebody waiting
    PATIENCE = 2.0  # seconds that one look may take

    def __init__(self, look: Callable[[], Awaitable[ProjectionOffsets]]) -> None:
        """`look` reads the vector; raises Problem when it cannot."""
        self.fault: str | None = "the projection has not been read yet"
        self._look = look
        self._vector: ProjectionOffsets | None = None
        self._begun = self._done = 0
        """Numbers of the looks: one that began after a question was asked answers it."""
        self._waiting = 0
        self._looked = asyncio.Event()
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        while True:
            self._begun += 1
            try:
                self._vector = await self._look()
            except Problem as problem:
                self.fault = problem.detail
                await asyncio.sleep(0.2)
                continue
            self.fault, self._done = None, self._begun
            self._looked.set()
            self._looked = asyncio.Event()
            await self._rest()

    async def wait_for_position(self, text: str | None, wait: float) -> None:
        """Return once the projection is past the position, if there is one. Raises Problem: `invalid` for
        what never was a position, `cursor_unusable` for one of another log, `projection_behind` when `wait`
        seconds are over, `unavailable` when the database does not say."""
        if text is not None:
            position = _parse(text)
            await self._until(lambda vector: vector.covers(position), wait)

    async def wait_for_cursor(self, came_with: Cursor | None, wait: float) -> None:
        """Return once the projection is where the cursor is. Raises Problem as `reach` does."""
        if came_with is not None:
            await self._until(lambda vector: vector.holds(came_with), wait)

    async def _until(self, reached: Callable[[ProjectionOffsets], bool], wait: float) -> None:
        now = asyncio.get_running_loop().time
        fresh, deadline = self._begun + 1, now() + wait
        self._waiting += 1
        self._wanted.set()
        try:
            async with asyncio.timeout(max(wait, self.PATIENCE)):
                while self._vector is None or not reached(self._vector):
                    if self._done >= fresh and now() >= deadline:
                        behind()
                    await self._looked.wait()
        except TimeoutError:
            if self.fault is None:
                behind()
            raise Problem("unavailable", self.fault) from None
        finally:
            self._waiting -= 1

    async def _rest(self) -> None:
        if self._waiting:
            await asyncio.sleep(self.BUSY)
            return
        self._wanted.clear()
        try:
            async with asyncio.timeout(self.IDLE):
                await self._wanted.wait()
        except TimeoutError:
            return


def _parse(text: str) -> Position:
    try:
        return Position.parse(text)
    except ValueError:
        raise Problem("invalid", "position: is not the `position` of an answer") from None


def behind() -> NoReturn:
    raise Problem("projection_behind", "the projection has not reached this position yet")
