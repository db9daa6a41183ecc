"""The first process of the namespaces: `python -m tests.cluster.sandbox.init COMMAND …`.

It runs the command and reaps the orphans of all processes. When it exits, the kernel kills the others.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from deploy.local import programs

MARK = "PARLEY_CLUSTER_SANDBOX"
"""Environment variable that is set inside, to the name of the run."""


def run(command: Sequence[str]) -> int:
    """Run the command; return its exit code, as a shell does for one that was killed by a signal."""
    subprocess.run([str(programs.find("ip")), "link", "set", "lo", "up"], check=True)
    child = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: child.send_signal(received))
    while True:
        pid, status = os.wait()
        if pid == child.pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
