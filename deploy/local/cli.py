"""Run Kafka, PostgreSQL and the services on this machine.

  run     start everything and stop it on Ctrl-C
  up      start everything in the background; return when it is ready
  demo    like up, then add ten people and their conversations
  down    stop what run or up started
  reset   stop it and delete its data
  psql    open a shell in its database
  token   print an access token for a stack that runs with AUTH=jwt

Environment:
  DATA_DIR            folder of all data (default: .data of the checkout)
  PORT                of the gateway (default: 8000)
  KAFKA_PORT, POSTGRES_PORT, STORE_PORT, PROJECTOR_PORT, NOTIFIER_PORT
                      of the others (default: free ones)
  ADMIN_PORT          of the gateway's probes, metrics and operators' calls (default: a free one)
  STORE_ADMIN_PORT, PROJECTOR_ADMIN_PORT, NOTIFIER_ADMIN_PORT
                      the same of the others
  GATEWAY_COUNT, NOTIFIER_COUNT, PROJECTOR_COUNT
                      how many to run (default: 1)
  PARTITIONS          of a new topic (default: 12)
  WEB_ROOT            a built web client, or empty for none (default: frontend/ is built)
  KAFKA_OPTS          options of Kafka's JVM
  LOGS                1: print all log lines, not only warnings and errors (all are in DATA_DIR/logs)

The services' own variables are listed in README.md.
"""

import argparse
import os
import sys
from pathlib import Path

from deploy.local.errors import UserError
from deploy.local.issuer import LocalIssuer
from deploy.local.paths import ROOT
from deploy.local.stack import commands
from deploy.local.stack.run import StackOptions, run
from deploy.local.stack.services import Counts

SCALABLE_SERVICES = ("gateway", "notifier", "projector")
"""In the order of the fields of Counts."""


def main() -> int:
    """Run the command of `sys.argv`; return the exit code. A UserError is one line on stderr."""
    arguments = sys.argv[1:]
    parsed = _parser().parse_args(arguments)
    folder = parsed.data.resolve()
    try:
        match parsed.command:
            case "run":
                run(_stack_options(parsed))
            case "up":
                _stack_options(parsed)  # so that errors in them are shown here, not in a log
                commands.up(folder, arguments[1:])
            case "demo":
                _stack_options(parsed)
                commands.demo(folder, arguments[1:])
            case "reset":
                commands.reset(folder)
            case "token":
                print(LocalIssuer.of(folder).token(parsed.user, parsed.scope))
            case "psql":
                commands.psql(folder)
            case _:
                commands.down(folder)
    except (UserError, PermissionError, FileExistsError, NotADirectoryError) as error:
        print(f"parley: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("command", choices=["run", "up", "demo", "down", "reset", "psql", "token"], metavar="COMMAND")
    data = os.environ.get("DATA_DIR") or ROOT / ".data"
    add("--data", type=Path, default=data, metavar="FOLDER", help="of all data (default: %(default)s)")
    for name in SCALABLE_SERVICES:
        count_help = f"number of {name}s (default: {name.upper()}_COUNT or 1)"
        add(f"--{name}s", type=_count, metavar="N", help=count_help)
    add("--kafka", metavar="HOST:PORT", help="use this broker instead of starting one")
    add("--database", metavar="URL", help="use this database instead of starting one")
    add("--no-services", action="store_true", help="start Kafka and PostgreSQL only")
    add("--volatile", action="store_true", help="run PostgreSQL without fsync, for tests")
    restarts = "stop everything if a process needs more restarts within 30 s (default: %(default)s)"
    add("--max-restarts", type=_count, default=2, metavar="N", help=restarts)
    add("--user", default="", metavar="ID", help="of `token`: the user")
    add("--scope", metavar="SCOPES", help="of `token`: user, service or operator, separated by spaces")
    add("--detached", action="store_true", help=argparse.SUPPRESS)  # how `up` starts `run`
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a positive number, not {text!r}")
    return int(text)


def _count_from_environment(variable: str) -> int:
    try:
        return _count(os.environ.get(variable) or "1")
    except argparse.ArgumentTypeError as error:
        raise UserError(f"{variable} {error}") from None


def _flag_from_environment(variable: str) -> bool:
    value = os.environ.get(variable) or "0"
    if value not in ("0", "1"):
        raise UserError(f"{variable} must be 0 or 1, not {value!r}")
    return value == "1"


def _stack_options(parsed: argparse.Namespace) -> StackOptions:
    counts = [
        getattr(parsed, f"{name}s") or _count_from_environment(f"{name.upper()}_COUNT")
        for name in SCALABLE_SERVICES
    ]
    _count_from_environment("PARTITIONS")
    return StackOptions(
        folder=parsed.data.resolve(),
        counts=Counts(*counts),
        kafka=parsed.kafka,
        database=parsed.database,
        services=not parsed.no_services,
        volatile=parsed.volatile,
        max_restarts=parsed.max_restarts,
        all_logs=_flag_from_environment("LOGS"),
        detached=parsed.detached,
    )
