"""Wakes a loop at a moment. The loops' own timers count in milliseconds, which is too coarse here."""

import asyncio
import ctypes
import os

_CLOCK_MONOTONIC, _ABSOLUTE = 1, 1
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC
_libc = ctypes.CDLL(None, use_errno=True)


class _Timer(ctypes.Structure):
    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class Alarm:
    """Linux's timerfd(2); Python has it from 3.13 on."""

    def __init__(self) -> None:
        self._descriptor: int = _libc.timerfd_create(_CLOCK_MONOTONIC, _FLAGS)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._rung = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._descriptor, self._ring)

    async def until(self, moment: float) -> None:
        """Returns at `moment` on time.monotonic(), late by some 50 µs; at once when it is past."""
        self._rung.clear()
        seconds, part = divmod(moment, 1)
        timer = _Timer(0, 0, int(seconds), max(1, int(part * 1e9)))  # all zero would disarm it
        _libc.timerfd_settime(self._descriptor, _ABSOLUTE, ctypes.byref(timer), None)
        await self._rung.wait()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _ring(self) -> None:
        os.read(self._descriptor, 8)
        self._rung.set()
