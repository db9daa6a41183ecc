"""Many messages straight into the read models, to read pages from."""

from typing import NamedTuple

import psycopg

READER = "reader"
"""Belongs to the first `LISTED` conversations, and has not read the newest `UNREAD` of each."""
LISTED = 200
UNREAD = 3


class Volume(NamedTuple):
    long: int = 20
    """Conversations of `messages` each."""
    messages: int = 10_000
    short: int = 180
    """Conversations of 20 each."""

    def times(self, factor: int) -> "Volume":
        """So many times the conversations."""
        return self._replace(long=self.long * factor, short=self.short * factor)


_CONVERSATIONS = """
create temp table seeded as
select md5('stored' || n)::uuid as id, n, n %% 12 as partition,
       case when n <= %(long)s then %(messages)s else 20 end as last,
       now() - n * interval '1 minute' as at,
       case when n <= %(listed)s then %(reader)s else 'stranger-' || n end as reader
from generate_series(1, %(long)s + %(short)s) n
"""
_ROWS = (
    """insert into messages (conversation_id, seq, id, partition, sender_id, text, created_at, sent_offset,
                             version)
       select id, seq, gen_random_uuid(), partition, case when seq %% 2 = 0 then reader else 'peer-' || n end,
              repeat('nobody minds the dog. ', 6), at, seq, seq
       from seeded, generate_series(1, last) seq""",
    """insert into conversations
       select id, partition, 'direct', null, 'all', 0, at, at, last, last, 2 from seeded""",
    """insert into members (conversation_id, user_id, from_offset, partition, ordinal, joined_seq, read_seq)
       select id, reader, 0, partition, 0, 0, last - %(unread)s from seeded
       union all select id, 'peer-' || n, 0, partition, 1, 0, last from seeded""",
)
_LONG = "select id::text from seeded where n <= %(long)s"


def write(database: str, volume: Volume) -> list[str]:
    """Return the ids of the first 20 long conversations, which the reader belongs to."""
    values = {**volume._asdict(), "reader": READER, "listed": LISTED, "unread": UNREAD}
    with psycopg.connect(database) as connection:
        for statement in (_CONVERSATIONS, *_ROWS):
            connection.execute(statement.encode(), values)
        rows = connection.execute(_LONG.encode(), {"long": min(volume.long, 20)}).fetchall()
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    return [row[0] for row in rows]
