"""`python -m deploy.local run | up | down | reset`: Kafka, PostgreSQL and the services on this machine.

Environment: DATA_DIR (default .data of the checkout), PORT (the gateway's, default 8000), KAFKA_PORT,
POSTGRES_PORT, STORE_PORT, PROJECTOR_PORT, NOTIFIER_PORT (given: used exactly, else free ones),
GATEWAY_COUNT, NOTIFIER_COUNT, PROJECTOR_COUNT (default 1), PARTITIONS (12), KAFKA_OPTS (for the JVM).
"""

import argparse
import os
import sys
from pathlib import Path

from deploy.local import background
from deploy.local.failure import Failure
from deploy.local.process import ROOT
from deploy.local.run import Options, run
from deploy.local.services import Counts


def main() -> int:
    """The exit code; what the user can mend is one line on stderr."""
    arguments = sys.argv[1:]
    chosen = _parser().parse_args(arguments)
    try:
        match chosen.command:
            case "run":
                run(_options(chosen))
            case "up":
                background.up(chosen.data.resolve(), arguments[1:])
            case "reset":
                background.reset(chosen.data.resolve())
            case _:
                background.down(chosen.data.resolve())
    except (Failure, PermissionError) as failure:
        print(f"parley: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("command", choices=["run", "up", "down", "reset"])
    parser.add_argument("--data", type=Path, default=os.environ.get("DATA_DIR") or ROOT / ".data")
    for name in ("gateway", "notifier", "projector"):
        default = os.environ.get(f"{name.upper()}_COUNT") or "1"
        parser.add_argument(f"--{name}s", type=_count, default=default, metavar="N")
    parser.add_argument("--kafka", metavar="HOST:PORT", help="use this broker, start none")
    parser.add_argument("--database", metavar="URL", help="use this database, start none")
    parser.add_argument("--no-services", action="store_true", help="Kafka and PostgreSQL only")
    parser.add_argument("--volatile", action="store_true", help="PostgreSQL without fsync, for tests")
    parser.add_argument("--deaths", type=_count, default=3, help="of one process in 30 s that end the stack")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def _options(chosen: argparse.Namespace) -> Options:
    return Options(
        folder=chosen.data.resolve(),
        counts=Counts(chosen.gateways, chosen.notifiers, chosen.projectors),
        kafka=chosen.kafka,
        database=chosen.database,
        services=not chosen.no_services,
        volatile=chosen.volatile,
        deaths=chosen.deaths,
    )


if __name__ == "__main__":
    sys.exit(main())
