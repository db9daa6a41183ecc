"""What it costs to query what one caller missed."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import psycopg
from pydantic import BaseModel

from bench.measure.query_plan import prepared
from bench.scenarios.scenario import Recorder, option
from bench.systems import seed_history
from bench.systems.seed_history import CALLER, History
from bench.systems.server_process import postgres_only
from message_store.query_api.read_sql import PROBE, SYNC
from message_store.storage import sessions
from message_store.storage.migrate import migrate

PARAMETERS = ["user", "offsets", "limit"]
_QUERIES = 50
_DEFAULTS = History()


class QueryFigures(BaseModel):
    """A page of what one caller missed. Times in milliseconds."""

    caller: str
    rows: int
    median: float
    longest: float
    probe: str
    """The plan, as PostgreSQL prints it."""


def values(offsets: Sequence[int], limit: int = 101) -> dict[str, Any]:
    """The parameters of a page of a hundred, as the store's queries give them."""
    return {"user": CALLER, "offsets": list(offsets), "limit": limit}


@dataclass
class QueryPlan:
    """Query what one caller missed, in a PostgreSQL of its own with a long history.

    The plan of the probe and the time of the whole query, once for a caller who was away for a while, and
    once for one without a cursor.
    """

    name: str = option("sync-plan", "of the file in bench/results/")
    conversations: int = option(_DEFAULTS.conversations, "of the caller")
    changed: int = option(_DEFAULTS.changed, "of these, those with messages while the caller was away")
    missed: int = option(_DEFAULTS.missed, "messages in each of them")
    left: int = option(_DEFAULTS.left, "conversations that the caller left long ago")
    others: int = option(_DEFAULTS.others, "conversations of other users only")
    happened: int = option(_DEFAULTS.happened, "messages in each of these while the caller was away")

    def run(self, recorder: Recorder) -> None:
        history = History(**{name: getattr(self, name) for name in History._fields})
        recorder.settings["past"] = {name: str(value) for name, value in history._asdict().items()}
        with _database() as connection:
            print(f"writing {history}", file=sys.stderr)
            offsets = seed_history.write(connection, history)
            connection.execute("vacuum analyze")
            for caller, since in (("away for a while", offsets), ("never here", [0] * len(offsets))):
                recorder.add("sync", _query_figures(connection, caller, values(since)))


def _query_figures(
    connection: psycopg.Connection[Any], caller: str, parameters: dict[str, Any]
) -> QueryFigures:
    with prepared(connection, PROBE, PARAMETERS, "generic") as probe:
        probe.plan(parameters)  # warm
        plan = probe.plan(parameters)
    times, rows = [], 0
    for _ in range(_QUERIES):
        began = time.perf_counter()
        rows = len(connection.execute(SYNC, parameters, prepare=True).fetchall())
        times.append((time.perf_counter() - began) * 1e3)
    return QueryFigures(caller=caller, rows=rows, median=median(times), longest=max(times), probe=plan)


@contextmanager
def _database() -> Iterator[psycopg.Connection[Any]]:
    with postgres_only("--volatile") as stack:
        migrate(stack.database)
        with psycopg.connect(stack.database, autocommit=True) as connection:
            connection.execute(sessions.APPLY, sessions.parameters(sessions.EVERY))
            yield connection
