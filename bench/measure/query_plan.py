"""How PostgreSQL runs a prepared statement, counted: which rows of which table it looks at, by which way."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import psycopg

Planned = Literal["custom", "generic"]
"""For the values given, or once for all: the server may choose either."""


class Scan(NamedTuple):
    how: str
    table: str
    rows: int
    """Read in all, those too that a filter then dropped."""


def scans(statement: "Prepared", given: Mapping[str, Any]) -> list[Scan]:
    """Runs it. Each scan of a table."""
    (row,) = statement.explained(given, "format json")
    return [_scan(node) for node in _nodes(row[0][0]["Plan"]) if "Relation Name" in node]


def plan(statement: "Prepared", given: Mapping[str, Any]) -> list[str]:
    """Runs it. The plan as PostgreSQL prints it."""
    return [row[0] for row in statement.explained(given, "costs off, summary")]


class Prepared:
    def __init__(self, connection: psycopg.Connection[Any], names: list[str]) -> None:
        self._cursor = psycopg.ClientCursor(connection)
        self._names = names

    def explained(self, given: Mapping[str, Any], options: str) -> list[Any]:
        values = ", ".join(f"%({name})s" for name in self._names)
        ask = f"explain (analyze, buffers, {options}) execute probed ({values})"
        return self._cursor.execute(ask.encode(), given).fetchall()


@contextmanager
def prepared(
    connection: psycopg.Connection[Any], statement: str, names: list[str], planned: Planned
) -> Iterator[Prepared]:
    """`statement` with its parameters by `names`, planned as said."""
    numbered = statement % {name: f"${number}" for number, name in enumerate(names, 1)}
    connection.execute(f"set plan_cache_mode = force_{planned}_plan".encode())
    connection.execute(f"prepare probed as {numbered}".encode())
    try:
        yield Prepared(connection, names)
    finally:
        connection.execute("deallocate probed")
        connection.execute("reset plan_cache_mode")


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _scan(node: dict[str, Any]) -> Scan:
    dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    rows = (node["Actual Rows"] + dropped) * node["Actual Loops"]
    return Scan(node["Node Type"], node["Relation Name"], rows)
