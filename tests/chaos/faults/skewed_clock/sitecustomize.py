"""For one process whose clock is wrong: Python imports this first, where it is on the path. What tells the
time of day is `CLOCK_SHIFT` seconds off; what measures time is not, as with a wrong clock."""

import datetime as _datetime
import os
import time
from datetime import datetime as _Right  # noqa: N812
from typing import Any

_SHIFT = float(os.environ["CLOCK_SHIFT"])
_time, _time_ns = time.time, time.time_ns


class _Kind(type):
    """What C made is a datetime, too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _Right)


class datetime(_Right, metaclass=_Kind):  # noqa: N801
    __slots__ = ()

    @classmethod
    def now(cls, tz: _datetime.tzinfo | None = None) -> Any:
        return _Right.now(tz) + _datetime.timedelta(seconds=_SHIFT)


time.time = lambda: _time() + _SHIFT
time.time_ns = lambda: _time_ns() + int(_SHIFT * 1e9)
_datetime.datetime = datetime  # type: ignore[misc]
