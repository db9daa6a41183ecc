"""A timer of Linux's timerfd(2), which Python has from 3.13 on: event loops count in milliseconds only."""

import asyncio
import ctypes
import os

_CLOCK_MONOTONIC, _ABSOLUTE = 1, 1
_libc = ctypes.CDLL(None, use_errno=True)


class PreciseTimer:
    """Wakes the running loop at given moments; to be closed."""

    def __init__(self) -> None:
        self._descriptor: int = _libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._expired = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._descriptor, self._on_expiry)

    async def sleep_until(self, moment: float) -> None:
        """Return at `moment` on time.monotonic(), late by some 50 µs; at once when it is past."""
        self._expired.clear()
        seconds, fraction = divmod(moment, 1)
        nanoseconds = max(1, int(fraction * 1e9))  # all zero would disarm it
        timer = (ctypes.c_long * 4)(0, 0, int(seconds), nanoseconds)  # struct itimerspec: interval, value
        _libc.timerfd_settime(self._descriptor, _ABSOLUTE, timer, None)
        await self._expired.wait()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _on_expiry(self) -> None:
        os.read(self._descriptor, 8)
        self._expired.set()
