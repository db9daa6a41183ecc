"""Coalesces the read receipts that clients send as frames: of each user and conversation the first is written
at once, then the highest at the end of each second. They are not acknowledged; an event that the log does not
take is retried a second later."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import copy_context

from shared.contract.position import Position
from shared.kafka import Unconfirmed

_WRITE_INTERVAL_SECONDS = 1.0
_MAX_ATTEMPTS = 30
_MAX_WINDOWS = 20_000

AppendRead = Callable[[str, str, int], Awaitable[Position]]
"""Enqueue the event of a user, a conversation and a seq; both steps raise Unconfirmed."""


class _Window:
    """The pending read receipts of one user and conversation."""

    def __init__(self, up_to: int) -> None:
        self.pending: int | None = up_to
        """The highest seq submitted since the last write."""
        self.flush_now = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class ReadReceiptCoalescer:
    def __init__(self, append: AppendRead, *, interval_seconds: float = _WRITE_INTERVAL_SECONDS) -> None:
        self._append = append
        self._interval_seconds = interval_seconds
        self._windows: dict[str, dict[str, _Window]] = {}
        self._count = 0
        self._context = copy_context()
        """That of the process: a window outlives the frame that opened it, and its trace."""

    def submit(self, user: str, conversation: str, up_to: int) -> bool:
        """Take the read receipt of a member. False: too many are pending, and it is dropped."""
        if (window := self._windows.get(user, {}).get(conversation)) is not None:
            window.pending = max(up_to, window.pending or 0)
            return True
        if self._count >= _MAX_WINDOWS:
            return False
        self._count += 1
        window = self._windows.setdefault(user, {})[conversation] = _Window(up_to)
        window.task = asyncio.create_task(self._run_window(user, conversation, window), context=self._context)
        return True

    def flush_user(self, user: str) -> None:
        """Write the user's pending read receipts now instead of at the end of their second."""
        for window in self._windows.get(user, {}).values():
            window.flush_now.set()

    async def flush(self) -> None:
        """Return once everything is written, or was attempted once."""
        windows = [
            window for by_conversation in self._windows.values() for window in by_conversation.values()
        ]
        for window in windows:
            window.flush_now.set()
        if tasks := [window.task for window in windows if window.task is not None]:
            await asyncio.wait(tasks)

    async def _run_window(self, user: str, conversation: str, window: _Window) -> None:
        failed_attempts = 0
        try:
            while (up_to := window.pending) is not None and failed_attempts < _MAX_ATTEMPTS:
                window.pending, is_last = None, window.flush_now.is_set()
                if await self._write(user, conversation, up_to):
                    failed_attempts = 0
                elif is_last:
                    return
                else:
                    failed_attempts += 1
                    window.pending = max(up_to, window.pending or 0)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._interval_seconds):
                        await window.flush_now.wait()
        finally:
            self._remove(user, conversation)

    async def _write(self, user: str, conversation: str, up_to: int) -> bool:
        """Membership was checked on submission; of a user who was removed since, the fold rejects the
        event."""
        try:
            await self._append(user, conversation, up_to)
        except Unconfirmed:
            return False
        return True

    def _remove(self, user: str, conversation: str) -> None:
        self._count -= 1
        by_conversation = self._windows[user]
        del by_conversation[conversation]
        if not by_conversation:
            del self._windows[user]
