"""Named places where a test can kill the process: `FAILPOINT=projector.committed:3` kills it the third time
that the failpoint is reached, as `kill -9` does; `projector.loaded:2:stop` freezes it instead. Without the
variable, and with ENV=production, a failpoint costs one comparison."""

import os
import signal

_setting = "" if os.environ.get("ENV") == "production" else os.environ.get("FAILPOINT", "")
_name, _count, _how, *_ = (*_setting.split(":"), "", "")
_remaining = int(_count or 1)
_signal = signal.SIGSTOP if _how == "stop" else signal.SIGKILL


def failpoint(name: str) -> None:
    global _remaining  # noqa: PLW0603
    if name == _name:
        _remaining -= 1
        if _remaining == 0:
            os.kill(os.getpid(), _signal)
