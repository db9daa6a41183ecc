"""Kafka, PostgreSQL and the services on this machine.

  run     start everything, until Ctrl-C
  up      the same in the background; returns when everything is ready
  demo    fill what runs with ten people and their conversations; starts it unless it runs
  down    stop what run or up started
  reset   stop it and remove all its data
  psql    open a shell in the database of what runs

Environment: DATA_DIR (default .data of the checkout), PORT (the gateway's, default 8000), KAFKA_PORT,
POSTGRES_PORT, STORE_PORT, PROJECTOR_PORT, NOTIFIER_PORT (given: used exactly, else free ones),
WEB_ROOT (a built client, or empty for none; not given: frontend/ is built),
GATEWAY_COUNT, NOTIFIER_COUNT, PROJECTOR_COUNT (default 1), PARTITIONS (12), KAFKA_OPTS (for the JVM),
LOGS (1: show every log line here, not warnings and errors alone; all are in DATA_DIR/logs),
and what the services read: README.md.
"""

import argparse
import os
import sys
from pathlib import Path

from deploy.local.errors import Failure
from deploy.local.paths import ROOT
from deploy.local.stack import daemon
from deploy.local.stack.run import Options, run
from deploy.local.stack.services import Counts

SERVICES = ("gateway", "notifier", "projector")
"""Those of which there can be several; in the order of Counts."""


def main() -> int:
    """The exit code; what the user can mend is one line on stderr."""
    arguments = sys.argv[1:]
    chosen = _parser().parse_args(arguments)
    try:
        match chosen.command:
            case "run":
                run(_options(chosen))
            case "up":
                _options(chosen)  # what is wrong with them is said here, not in a log
                daemon.up(chosen.data.resolve(), arguments[1:])
            case "demo":
                _options(chosen)
                daemon.demo(chosen.data.resolve(), arguments[1:])
            case "reset":
                daemon.reset(chosen.data.resolve())
            case "psql":
                daemon.psql(chosen.data.resolve())
            case _:
                daemon.down(chosen.data.resolve())
    except (Failure, PermissionError, FileExistsError, NotADirectoryError) as failure:
        print(f"parley: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("command", choices=["run", "up", "demo", "down", "reset", "psql"], metavar="COMMAND")
    data = os.environ.get("DATA_DIR") or ROOT / ".data"
    parser.add_argument(
        "--data", type=Path, default=data, help="folder of all data (default: DATA_DIR or %(default)s)"
    )
    for name in SERVICES:
        text = f"how many (default: {name.upper()}_COUNT or 1)"
        parser.add_argument(f"--{name}s", type=_count, metavar="N", help=text)
    parser.add_argument(
        "--kafka", metavar="HOST:PORT", help="use this broker, start none (default: an own one)"
    )
    parser.add_argument(
        "--database", metavar="URL", help="use this database, start none (default: an own one)"
    )
    parser.add_argument(
        "--no-services", action="store_true", help="Kafka and PostgreSQL only (default: everything)"
    )
    parser.add_argument(
        "--volatile", action="store_true", help="PostgreSQL without fsync, for tests (default: with)"
    )
    deaths = "of one process in 30 s that end the stack (default: %(default)s)"
    parser.add_argument("--deaths", type=_count, default=3, metavar="N", help=deaths)
    parser.add_argument("--detached", action="store_true", help=argparse.SUPPRESS)  # how `up` starts `run`
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a number from 1 on, not {text!r}")
    return int(text)


def _from_environment(variable: str) -> int:
    try:
        return _count(os.environ.get(variable) or "1")
    except argparse.ArgumentTypeError as error:
        raise Failure(f"{variable} {error}") from None


def _switch(variable: str) -> bool:
    value = os.environ.get(variable) or "0"
    if value not in ("0", "1"):
        raise Failure(f"{variable} must be 0 or 1, not {value!r}")
    return value == "1"


def _options(chosen: argparse.Namespace) -> Options:
    counts = (getattr(chosen, f"{name}s") or _from_environment(f"{name.upper()}_COUNT") for name in SERVICES)
    _from_environment("PARTITIONS")
    return Options(
        folder=chosen.data.resolve(),
        counts=Counts(*counts),
        kafka=chosen.kafka,
        database=chosen.database,
        services=not chosen.no_services,
        volatile=chosen.volatile,
        deaths=chosen.deaths,
        all_logs=_switch("LOGS"),
        detached=chosen.detached,
    )
