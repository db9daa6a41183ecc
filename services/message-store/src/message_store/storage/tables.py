"""The tables that a batch inserts into or updates; the statement of a commit is generated from them.

Columns stand in the order of the row's fields in `domain.rows`. A test holds them against the rows and the
database.
"""

from typing import LiteralString, NamedTuple

from message_store.domain.events import message_sent


class Table(NamedTuple):
    name: LiteralString
    """Also the field of `WriteSet` with the table's rows."""
    columns: LiteralString
    """Name and type of each."""
    key: LiteralString
    changing: tuple[LiteralString, ...] = ()
    """The columns that a later batch may change; if empty, each row is written once."""
    derived: LiteralString = ""
    """A query of rows that follow from other rows of the batch."""

    @property
    def column_names(self) -> LiteralString:
        return ", ".join(column.split()[0] for column in self.columns.split(","))


CONVERSATIONS = Table(
    "conversations",
    """partition int, id uuid, kind text, title text, history_visibility text, started_offset bigint,
       created_at timestamptz, updated_at timestamptz, version bigint, last_seq bigint, member_count int""",
    key="id",
    changing=("updated_at", "version", "last_seq", "member_count"),
)
MEMBERS = Table(
    "members",
    """partition int, conversation_id uuid, user_id text, from_offset bigint, ordinal int, joined_seq bigint,
       read_seq bigint, to_offset bigint""",
    key="conversation_id, user_id, from_offset",
    changing=("read_seq", "to_offset"),
)
MESSAGES = Table(
    "messages",
    """partition int, conversation_id uuid, seq bigint, id uuid, sender_id text, client_id text, text text,
       created_at timestamptz, sent_offset bigint, version bigint""",
    key="conversation_id, seq",  # rows that are neighbours in the index are inserted together
)
USER_REVOCATIONS = Table(
    "user_revocations",
    """partition int, "offset" bigint, user_id text, revoked_at timestamptz""",
    key='partition, "offset"',
)
JOURNAL = Table(
    "journal",
    """partition int, "offset" bigint, outcome text, kind text, conversation_id uuid, actor text,
       "time" timestamptz, seq bigint, subject text, client_id text, reason text, of_offset bigint,
       audience text[]""",
    key='partition, "offset"',
    derived=f"""
    select partition, sent_offset as "offset", 'entry', '{message_sent.JOURNAL_KIND}', conversation_id,
           sender_id, created_at, seq, null, null, null, null, null
    from won, message_rows""",  # noqa: S608  # a constant; the journal row of a sent message holds nothing that the message does not
)
