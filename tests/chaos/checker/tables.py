"""The rows of the read models, in raw SQL."""

from collections.abc import Collection
from typing import Any, LiteralString

import psycopg

from tests.chaos.checker.final_state import FinalState, Outcomes

_UNREAD = """
select m.user_id, m.conversation_id::text, count(x.seq)
from members m left join messages x on x.conversation_id = m.conversation_id and x.seq > m.read_seq
where m.to_offset is null and m.conversation_id = any(%s::uuid[])
group by m.user_id, m.conversation_id
"""
_OUTCOMES = 'select partition, "offset", outcome from journal'
_THEIRS: dict[str, LiteralString] = {
    "conversations": "conversations t where id = any(%s::uuid[])",
    "members": "members t where conversation_id = any(%s::uuid[])",
    "messages": "messages t where conversation_id = any(%s::uuid[])",
    "journal": "journal t where conversation_id = any(%s::uuid[])",
    "journal_personal": """journal_personal t join journal j using (partition, "offset")
                           where j.conversation_id = any(%s::uuid[])""",
}
_PROGRESS = "select partition, next_offset from progress"
_DUE = "select count(*) from journal where outcome in ('entry', 'rejected')"


def count(database: str, seen: FinalState, conversations: Collection[str]) -> None:
    """Fills in what is counted from rows."""
    with psycopg.connect(database) as connection:
        unread = connection.execute(_UNREAD, (list(conversations),)).fetchall()
    seen.unread = {(user, conversation): number for user, conversation, number in unread}
    seen.outcomes = outcomes(database)
    seen.rows = hashes(database, conversations)


def outcomes(database: str) -> Outcomes:
    """Of everything that the journal has."""
    found: Outcomes = {}
    with psycopg.connect(database) as connection:
        for partition, offset, outcome in connection.execute(_OUTCOMES):
            found.setdefault((partition, offset), []).append(outcome)
    return found


def hashes(database: str, conversations: Collection[str]) -> dict[str, str]:
    """Table → hash of its rows that belong to these conversations."""
    with psycopg.connect(database) as connection:
        return {table: _hash(connection, where, list(conversations)) for table, where in _THEIRS.items()}


def progress(database: str) -> dict[int, int]:
    """Partition → the next offset to be projected."""
    with psycopg.connect(database) as connection:
        return dict(connection.execute(_PROGRESS).fetchall())


def due(database: str) -> int:
    """How many entries and rejections the topic has to tell of."""
    with psycopg.connect(database) as connection:
        row = connection.execute(_DUE).fetchone()
    return int(row[0]) if row else 0


def _hash(connection: psycopg.Connection[Any], where: LiteralString, conversations: list[str]) -> str:
    texts = """string_agg(t::text, '|' order by t::text collate "C")"""
    asked = f"select count(*), md5({texts}) from {where}"
    return str(connection.execute(asked, (conversations,)).fetchone())
