"""Builds the programs of the cluster, and tests Parley on it: `python -m tests.cluster --help`."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.errors import UserError
from deploy.local.paths import ROOT
from tests.cluster.binaries import build, cache
from tests.cluster.sandbox import launch

STAGES = {"b": "stage_b"}
"""Folders of the tests by stage."""
HOW = "make cluster-test"
TEST_TIMEOUT_SECONDS = 600
"""The first test includes the start of the control plane."""


def main(arguments: Sequence[str]) -> int:
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if options.command == "tools":
            build.build_missing()
            return 0
        return _test(options.stage, options.pytest, only_if_ready=options.if_ready)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("tools", help="build what is missing in the cache; cold about ten minutes")
    test = commands.add_parser("test", help="run the tests; builds first what is missing")
    test.add_argument("--stage", choices=STAGES, help="only this one")
    test.add_argument("--if-ready", action="store_true", help="skip with a line instead of building")
    test.add_argument("pytest", nargs="*", help="options of pytest, after --")
    return parser.parse_args(arguments)


def _test(stage: str | None, options: Sequence[str], *, only_if_ready: bool) -> int:
    if only_if_ready and (missing := _missing()):
        print(f"skipped the cluster tests: {missing}; run them with: {HOW}")
        return 0
    if os.geteuid() != 0:
        raise UserError("the cluster tests need root, for namespaces and mounts; run them as root")
    build.build_missing()
    stages = [stage] if stage else list(STAGES)
    return max(_run_stage(STAGES[name], options) for name in stages)


def _run_stage(folder: str, options: Sequence[str]) -> int:
    def command(temporary: Path) -> list[str]:
        pytest = [sys.executable, "-m", "pytest", "-m", "cluster", f"--timeout={TEST_TIMEOUT_SECONDS}"]
        files = str(ROOT / "tests" / "cluster" / folder)
        return [*pytest, f"--basetemp={temporary / 'pytest'}", files, *options]

    return launch.run(command)


def _missing() -> str:
    """Return why the tests cannot run now; empty if they can."""
    if os.geteuid() != 0:
        return "they need root"
    if not cache.binaries().exists() or not cache.definitions().exists():
        return "the programs of the cluster are not built (make cluster-tools builds them in ten minutes)"
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
