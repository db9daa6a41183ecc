"""`python -m bench`."""

import signal
import sys

from bench.cli import main

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that stacks are stopped
    sys.exit(main(sys.argv[1:]))
