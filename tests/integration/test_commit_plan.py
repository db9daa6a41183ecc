"""The projector's statements look rows up by key, also when they were prepared while tables were small."""

import re
from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg

from message_store.storage import sessions, write_sql
from message_store.storage.migrate import migrate

_FILL: tuple[LiteralString, ...] = (
    """insert into members select md5((g / 2)::text)::uuid, 'u' || g % 50, g, null, 0, 0, 0, 0
       from generate_series(1, 300) g""",
    """insert into messages
       select md5((g / 2)::text)::uuid, g, md5(g::text)::uuid, 0, 'u', null, '', now(), g, g
       from generate_series(1, 300) g""",
    "analyze members, messages",
    "set plan_cache_mode = force_generic_plan",
)


async def test_a_batch_reads_only_the_rows_that_it_names(database_url: str) -> None:
    migrate(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sessions.APPLY, sessions.parameters(sessions.WRITING))
        for statement in _FILL:
            connection.execute(statement)
        names = re.findall(r"%\((\w+)\)s", write_sql.COMMIT)
        numbered = write_sql.COMMIT % {name: f"${place}" for place, name in enumerate(names, 1)}
        nothing = ", ".join(["null"] * len(names))
        connection.execute(f"prepare asked as {numbered}".encode())
        row = connection.execute(f"explain (format json) execute asked ({nothing})".encode()).fetchone()
    assert row is not None
    nodes = [
        node for node in _nodes(row[0][0]["Plan"]) if node.get("Relation Name") in ("members", "messages")
    ]
    scans = [node for node in nodes if "Scan" in node["Node Type"]]
    assert {node["Relation Name"] for node in scans} == {"messages"}
    assert [node for node in scans if "Index Cond" not in node] == []
    upserts = {
        node["Relation Name"]: node.get("Conflict Arbiter Indexes") for node in nodes if node not in scans
    }
    assert upserts == {"members": ["members_pkey"], "messages": None}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
