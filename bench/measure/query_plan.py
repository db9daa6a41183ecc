"""How PostgreSQL runs a prepared statement, counted: which rows of which table it scans, and how."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import psycopg

PlanMode = Literal["custom", "generic"]
"""Planned for the given values, or once for all: the server may choose either."""


class Scan(NamedTuple):
    method: str
    table: str
    rows: int
    """Read in all, also those that a filter then dropped."""


class PreparedStatement:
    def __init__(self, connection: psycopg.Connection[Any], names: list[str]) -> None:
        self._cursor = psycopg.ClientCursor(connection)
        self._names = names

    def scans(self, values: Mapping[str, Any]) -> list[Scan]:
        """Run it, and return each scan of a table."""
        (row,) = self._explain(values, "format json")
        return [_scan(node) for node in _nodes(row[0][0]["Plan"]) if "Relation Name" in node]

    def plan(self, values: Mapping[str, Any]) -> str:
        """Run it, and return the plan as PostgreSQL prints it."""
        return "\n".join(row[0] for row in self._explain(values, "costs off, summary"))

    def _explain(self, values: Mapping[str, Any], options: str) -> list[Any]:
        parameters = ", ".join(f"%({name})s" for name in self._names)
        statement = f"explain (analyze, buffers, {options}) execute probed ({parameters})"
        return self._cursor.execute(statement.encode(), values).fetchall()


@contextmanager
def prepared(
    connection: psycopg.Connection[Any], statement: str, names: list[str], mode: PlanMode
) -> Iterator[PreparedStatement]:
    """`statement` with its parameters by `names`."""
    numbered = statement % {name: f"${number}" for number, name in enumerate(names, 1)}
    connection.execute(f"set plan_cache_mode = force_{mode}_plan".encode())
    connection.execute(f"prepare probed as {numbered}".encode())
    try:
        yield PreparedStatement(connection, names)
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
