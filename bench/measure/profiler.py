"""Where a process spends its time: py-spy looks into it, and writes what speedscope.app shows."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OUT = Path(__file__).parents[1] / "out"


@contextmanager
def profile(name: str, pid: int) -> Iterator[Path]:
    """Looks at process `pid` meanwhile; its file is written when left. It costs that process some 5 %."""
    OUT.mkdir(exist_ok=True)
    file = OUT / f"{name}.json"
    command = [str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(pid), "--rate", "200"]
    how = ["--format", "speedscope", "--output", str(file), "--native"]
    watching = subprocess.Popen([*command, *how], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield file
    finally:
        watching.send_signal(signal.SIGINT)
        watching.wait(60)
