"""`python -m tools.monitoring [--check] [--folder F] [--base URL] [--faster N]`"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from tools.monitoring import documents, expressions, objectives, runbooks
from tools.monitoring.documents import FOLDER, Options


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.monitoring",
        description="Rules, alerts and dashboards from deploy/monitoring/slo.yaml.",
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail when something is not right"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write (default: %(default)s)")
    parser.add_argument(
        "--base", default="", help="put before the paths of runbooks: an address that ends in /"
    )
    parser.add_argument(
        "--faster", type=float, default=1.0, help="shorten all times by this factor, for a trial"
    )
    arguments = parser.parse_args()
    if arguments.faster <= 0:
        parser.error("--faster must be above 0")
    options = Options(_objectives(), arguments.faster, arguments.base)
    if not arguments.check:
        documents.write(options, arguments.folder)
    _refuse("run `python -m tools.monitoring`; these are stale:", documents.stale(options, arguments.folder))
    _refuse("each alert needs its runbook:", runbooks.faults(documents.alerts(options)))
    _refuse("these expressions are not right:", expressions.faults(options))


def _objectives() -> objectives.Objectives:
    try:
        return objectives.load()
    except FileNotFoundError:
        sys.exit(f"{objectives.SLO_FILE} is missing: run this in the folder of the checkout")
    except ValidationError as error:
        sys.exit(f"{objectives.SLO_FILE}: {error}")


def _refuse(because: str, faults: Iterable[str]) -> None:
    if lines := list(faults):
        sys.exit("\n".join([because, *lines]))


if __name__ == "__main__":
    main()
