"""A long history straight into the read models: the rows that a projector would have written."""

from typing import NamedTuple

import psycopg

PARTITIONS = 12
EPOCH = "0123456789abcdef"
CALLER = "ann"
BEFORE = 3
"""Messages in each conversation before the caller left."""


class History(NamedTuple):
    """What happened to `CALLER`, who left after `BEFORE` messages everywhere, and to others."""

    conversations: int = 2_000
    """The caller's."""
    changed: int = 3
    """Of these, those with messages while the caller was away."""
    missed: int = 5
    """Messages in each of them."""
    left: int = 500
    """Conversations that the caller left long ago; they go on too."""
    others: int = 20_000
    """Conversations of other users only."""
    happened: int = 10
    """Messages in each of these while the caller was away."""


_CONVERSATIONS = """
create temp table seeded as
select md5('talk' || n)::uuid as id, n, n %% %(partitions)s as partition,
       n <= %(conversations)s as mine,
       n > %(conversations)s and n <= %(conversations)s + %(left)s as past,
       case when n <= %(changed)s then %(missed)s
            when n <= %(conversations)s then 0 else %(happened)s end as later
from generate_series(1, %(conversations)s + %(left)s + %(others)s) n
"""

# Within a partition everything happens in turn, one conversation after the other, a message each.
_MESSAGES = """
create temp table history as
select id, n, partition, seq,
       row_number() over (partition by partition order by seq > %(before)s, seq, n) - 1 as "offset"
from seeded, generate_series(1, %(before)s + later) seq
"""

_ROWS = (
    """insert into journal (partition, "offset", outcome, kind, conversation_id, actor, "time", seq)
       select partition, "offset", 'entry', 'message.sent', id, 'y' || n, now(), seq from history""",
    """insert into messages (conversation_id, seq, id, partition, sender_id, text, created_at, sent_offset,
                             version)
       select id, seq, gen_random_uuid(), partition, 'y' || n, 'hello', now(), "offset", "offset"
       from history""",
    """insert into conversations
       select id, partition, 'direct', null, 'all', min("offset"), now(), now(), max("offset"), max(seq), 2
       from history group by id, partition""",
    """insert into members (conversation_id, user_id, from_offset, to_offset, partition, ordinal, joined_seq,
                            read_seq)
       select id, case when mine or past then %(caller)s else 'x' || n end, first,
              case when past then before end, partition, 0, 0, 0
       from seeded join (
           select id, min("offset") as first, max("offset") filter (where seq <= %(before)s) as before
           from history group by id) h using (id)""",
    """insert into members (conversation_id, user_id, from_offset, partition, ordinal, joined_seq, read_seq)
       select id, 'y' || n, min("offset"), partition, 1, 0, 0 from history group by id, n, partition""",
    """insert into progress (partition, partitions, epoch, next_offset, published)
       select partition, %(partitions)s, %(epoch)s, max("offset") + 1, 0 from history group by partition""",
)

_LEFT_AT = """
select array_agg(at order by partition) from (
    select partition, count(*) filter (where seq <= %(before)s) as at from history group by partition) p
"""


def write(connection: psycopg.Connection[tuple[object, ...]], history: History) -> list[int]:
    """Fill a migrated, empty database; return the offsets of a cursor of the caller from when she left."""
    values = {
        **history._asdict(),
        "partitions": PARTITIONS,
        "before": BEFORE,
        "caller": CALLER,
        "epoch": EPOCH,
    }
    for statement in (_CONVERSATIONS, _MESSAGES, *_ROWS):
        connection.execute(statement, values)
    ((offsets,),) = connection.execute(_LEFT_AT, values).fetchall()
    assert isinstance(offsets, list)
    return offsets
