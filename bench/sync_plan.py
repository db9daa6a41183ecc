"""What it costs to ask what one caller missed: `python -m bench.sync_plan`.

A PostgreSQL of its own with a long past in it. Prints the plan of the probe and the time of the whole query,
once for a caller who was away for a while, and once for one who was never here.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from pydantic import BaseModel

from bench import explain, past, results
from bench.past import Past
from deploy.local.errors import UserError
from deploy.local.stack.daemon import running_stack
from message_store.query_api.read_sql import PROBE, SYNC
from message_store.storage import sessions
from message_store.storage.migrate import migrate

NAMES = ["user", "offsets", "limit"]
_TIMES = 50


class Asked(BaseModel):
    """A page of what one caller missed. Times in milliseconds."""

    caller: str
    rows: int
    median: float
    longest: float
    probe: str
    """The plan, as PostgreSQL prints it."""


def main() -> int:
    """The exit code."""
    chosen = _parser().parse_args()
    try:
        with _database() as connection:
            print("writing a past", file=sys.stderr)
            made = Past(**{name: getattr(chosen, name) for name in Past._fields})
            told = list(_told(connection, made, past.write(connection, made)))
        of = {name: str(value) for name, value in made._asdict().items()}
        results.keep(chosen.name, {"past": of}, {"sync": told})
    except UserError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    return 0


def asked(offsets: Sequence[int], limit: int = 101) -> dict[str, Any]:
    """The parameters of a page of a hundred, as the queries give them."""
    return {"user": past.CALLER, "offsets": list(offsets), "limit": limit}


def _told(connection: psycopg.Connection[Any], made: Past, offsets: list[int]) -> Iterator[Asked]:
    connection.execute("vacuum analyze")
    print(f"{made}: {sum(_ends(connection)) - sum(offsets)} journal rows since the cursor")
    for whose, since in (("away for a while", offsets), ("never here", [0] * len(offsets))):
        with explain.prepared(connection, PROBE, NAMES, "generic") as probe:
            explain.plan(probe, asked(since))  # warm
            plan = "\n".join(explain.plan(probe, asked(since)))
        rows, times = _timed(connection, asked(since))
        told = Asked(caller=whose, rows=rows, median=times[_TIMES // 2], longest=times[-1], probe=plan)
        print(f"\n{whose}: the probe\n{plan}")
        print(f"{whose}: {rows} rows of a page; ms: median {told.median:.1f}, longest {told.longest:.1f}")
        yield told


def _timed(connection: psycopg.Connection[Any], given: dict[str, Any]) -> tuple[int, list[float]]:
    """How many rows, and the milliseconds of each asking, ascending."""
    times, rows = [], 0
    for _ in range(_TIMES):
        began = time.perf_counter()
        rows = len(connection.execute(SYNC, given, prepare=True).fetchall())
        times.append((time.perf_counter() - began) * 1e3)
    return rows, sorted(times)


def _ends(connection: psycopg.Connection[Any]) -> list[int]:
    return [row[0] for row in connection.execute("select next_offset from progress")]


@contextmanager
def _database() -> Iterator[psycopg.Connection[Any]]:
    folder = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    folder.chmod(0o711)  # PostgreSQL's user must get through
    try:
        with running_stack(folder, "--volatile", "--no-services", "--kafka=127.0.0.1:1") as stack:  # unused
            migrate(stack.database)
            with psycopg.connect(stack.database, autocommit=True) as connection:
                connection.execute(sessions.APPLY, sessions.parameters(sessions.EVERY))
                yield connection
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.sync_plan", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--name", default="sync-plan", help="of the file in bench/results/")
    for name, default in Past()._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N")
    return parser


if __name__ == "__main__":
    sys.exit(main())
