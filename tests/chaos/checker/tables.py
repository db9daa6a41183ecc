"""Reads rows of the read models with SQL of its own."""

from collections.abc import Collection
from typing import Any, LiteralString

import psycopg

from tests.chaos.checker.final_state import Outcomes, Projection

_UNREAD = """
select m.user_id, m.conversation_id::text, count(x.seq)
from members m left join messages x on x.conversation_id = m.conversation_id and x.seq > m.read_seq
where m.to_offset is null and m.conversation_id = any(%s::uuid[])
group by m.user_id, m.conversation_id
"""
_ROWS: dict[str, LiteralString] = {
    "conversations": "conversations t where id = any(%s::uuid[])",
    "members": "members t where conversation_id = any(%s::uuid[])",
    "messages": "messages t where conversation_id = any(%s::uuid[])",
    "journal": "journal t where conversation_id = any(%s::uuid[])",
    "journal_personal": """journal_personal t join journal j using (partition, "offset")
                           where j.conversation_id = any(%s::uuid[])""",
}
_HASH = """select count(*)::text || md5(string_agg(t::text, '|' order by t::text collate "C")) from """


def read_projection(database: str, conversations: Collection[str]) -> Projection:
    """A hash of each table's rows of these conversations, and the outcomes of all offsets."""
    outcomes: Outcomes = {}
    for partition, offset, outcome in _fetch(database, 'select partition, "offset", outcome from journal'):
        outcomes.setdefault((partition, offset), []).append(outcome)
    hashes = {
        table: str(_fetch(database, _HASH + rows, list(conversations))[0]) for table, rows in _ROWS.items()
    }
    return Projection(hashes, outcomes)


def count_unread(database: str, conversations: Collection[str]) -> dict[tuple[str, str], int]:
    """(user, conversation) → messages after the user's read position."""
    rows = _fetch(database, _UNREAD, list(conversations))
    return {(user, conversation): count for user, conversation, count in rows}


def next_offsets(database: str) -> dict[int, int]:
    """Partition → the next offset to be projected."""
    return dict(_fetch(database, "select partition, next_offset from progress"))


def count_publishable(database: str) -> int:
    """Entries and rejections that the public topic must have."""
    query: LiteralString = "select count(*) from journal where outcome in ('entry', 'rejected')"
    return int(_fetch(database, query)[0][0])


def _fetch(database: str, query: LiteralString, *params: list[str]) -> list[tuple[Any, ...]]:
    with psycopg.connect(database) as connection:
        return connection.execute(query, params).fetchall()
