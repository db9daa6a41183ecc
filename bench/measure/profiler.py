"""py-spy beside a process, for speedscope.app."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_OUT = Path(__file__).parents[1] / "out"


@contextmanager
def profiled(label: str, process: str, pids: Mapping[str, int]) -> Iterator[None]:
    """Profile `process`, at some 5 % of its CPU, and write bench/out/`label`.json; "" profiles none."""
    if not process:
        yield
        return
    _OUT.mkdir(exist_ok=True)
    file = _OUT / f"{label}.json"
    command = [str(Path(sys.executable).with_name("py-spy")), "record", "--pid", str(pids[process])]
    options = ["--rate", "200", "--format", "speedscope", "--output", str(file), "--native"]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as recorder:
        try:
            yield
        finally:
            recorder.send_signal(signal.SIGINT)
            recorder.wait(60)
            print(f"profile: {file}", file=sys.stderr)
