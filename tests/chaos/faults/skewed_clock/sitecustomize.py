"""Skews the clock of one process: Python imports this first where it is on the path. The wall clock is
`CLOCK_SHIFT` seconds off; the monotonic clock is not, as with a real wrong clock."""

import datetime as _datetime
import os
import time
from datetime import datetime as _Original  # noqa: N812
from typing import Any

_SHIFT = float(os.environ["CLOCK_SHIFT"])
_time, _time_ns = time.time, time.time_ns


class _Meta(type):
    """Objects made by C code pass isinstance, too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _Original)


class datetime(_Original, metaclass=_Meta):  # noqa: N801
    __slots__ = ()

    @classmethod
    def now(cls, tz: _datetime.tzinfo | None = None) -> Any:
        return _Original.now(tz) + _datetime.timedelta(seconds=_SHIFT)


time.time = lambda: _time() + _SHIFT
time.time_ns = lambda: _time_ns() + int(_SHIFT * 1e9)
_datetime.datetime = datetime  # type: ignore[misc]
