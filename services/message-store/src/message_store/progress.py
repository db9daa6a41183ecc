"""How far the projection is, and waiting until it is further: one poller a process, however many wait."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.position import Position
from shared.problems import Problem


@dataclass(frozen=True)
class Vector:
    """Per partition the next offset to be projected."""

    epoch: str
    offsets: tuple[int, ...]

    def covers(self, position: Position) -> bool:
        return self.offsets[position.partition] > position.offset


class ProgressWatch:
    IDLE, BUSY = 1.0, 0.004  # seconds between two looks: without and with somebody waiting

    def __init__(self, look: Callable[[], Awaitable[Vector]]) -> None:
        """`look` reads the vector; raises Problem when it cannot."""
        self.fault: str | None = "the projection has not been read yet"
        self._look = look
        self._vector: Vector | None = None
        self._waiting = 0
        self._moved = asyncio.Event()
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        while True:
            try:
                vector = await self._look()
            except Problem as problem:
                self.fault = problem.detail
                await asyncio.sleep(0.2)
                continue
            self.fault = None
            if vector != self._vector:
                self._vector = vector
                self._moved.set()
                self._moved = asyncio.Event()
            await self._rest()

    async def reach(self, text: str, wait: float) -> None:
        """Return once the projection is past the position. Raises Problem: `invalid` for what never was one,
        `cursor_unusable` for one of another log, `projection_behind` when `wait` seconds are over."""
        position = _parse(text)
        deadline = asyncio.get_running_loop().time() + wait
        self._waiting += 1
        self._wanted.set()
        try:
            while not self._reached(position):
                async with asyncio.timeout_at(deadline):
                    await self._moved.wait()
        except TimeoutError:
            raise Problem("projection_behind", "the projection has not reached this position yet") from None
        finally:
            self._waiting -= 1

    def _reached(self, position: Position) -> bool:
        if self._vector is None:
            return False
        if position.epoch != self._vector.epoch:
            raise Problem("cursor_unusable", "position: belongs to another log")
        if position.partition >= len(self._vector.offsets):
            raise Problem("invalid", "position: the log has no such partition")
        return self._vector.covers(position)

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
        raise Problem("invalid", "position: is not a position") from None
