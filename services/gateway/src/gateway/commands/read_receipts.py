"""How far users have read, as their sockets say it: the first at once, then the newest at the end of each
second. Nobody waits for an answer; what the log does not take is tried again a second later."""

import asyncio
from contextlib import suppress

import structlog

from gateway.commands.command_service import CommandService
from shared.http.problems import Problem
from shared.kafka import Unconfirmed

log = structlog.get_logger()

_WRITE_INTERVAL_SECONDS = 1.0
_MAX_ATTEMPTS = 30
_MAX_WINDOWS = 20_000


class _Window:
    def __init__(self, up_to: int) -> None:
        self.pending: int | None = up_to
        """The newest asked since the last write."""
        self.flush_now = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class ReadReceiptCoalescer:
    def __init__(self, sending: CommandService, *, interval_seconds: float = _WRITE_INTERVAL_SECONDS) -> None:
        self._sending = sending
        self._interval_seconds = interval_seconds
        self._windows: dict[str, dict[str, _Window]] = {}
        self._count = 0

    def submit(self, user: str, conversation: str, up_to: int) -> bool:
        """False when so many are under way that this one is dropped."""
        if (window := self._windows.get(user, {}).get(conversation)) is not None:
            window.pending = max(up_to, window.pending or 0)
            return True
        if self._count >= _MAX_WINDOWS:
            return False
        self._count += 1
        window = self._windows.setdefault(user, {})[conversation] = _Window(up_to)
        window.task = asyncio.create_task(self._run_window(user, conversation, window))
        return True

    def flush_user(self, user: str) -> None:
        """What waits for the end of its second is written now."""
        for window in self._windows.get(user, {}).values():
            window.flush_now.set()

    async def flush(self) -> None:
        """Returns when everything is written, or was tried once."""
        tasks = [w.task for each in self._windows.values() for w in each.values() if w.task is not None]
        for user in self._windows:
            self.flush_user(user)
        if tasks:
            await asyncio.wait(tasks)

    async def _run_window(self, user: str, conversation: str, window: _Window) -> None:
        tries = 0
        try:
            while (asked := window.pending) is not None and tries < _MAX_ATTEMPTS:
                window.pending, last = None, window.flush_now.is_set()
                if await self._write(user, conversation, asked):
                    tries = 0
                elif last:
                    return
                else:
                    tries += 1
                    window.pending = max(asked, window.pending or 0)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._interval_seconds):
                        await window.flush_now.wait()
        finally:
            self._remove(user, conversation)

    async def _write(self, user: str, conversation: str, up_to: int) -> bool:
        try:
            await (await self._sending.mark_read(user, conversation, up_to, charge=False))  # its frame paid
        except Unconfirmed:
            return False
        except Problem as problem:
            return problem.code == "not_found"  # no member any more: nothing to write
        return True

    def _remove(self, user: str, conversation: str) -> None:
        self._count -= 1
        of_user = self._windows[user]
        del of_user[conversation]
        if not of_user:
            del self._windows[user]
