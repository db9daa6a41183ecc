"""A long past, written straight into the read models: the rows that a projector would have made of it."""

from typing import NamedTuple

import psycopg

PARTITIONS = 12
EPOCH = "0123456789abcdef"
CALLER = "ann"
BEFORE = 3
"""Messages in each conversation before the caller left."""


class Past(NamedTuple):
    """What happened to `CALLER`, who left after `BEFORE` messages everywhere, and to others."""

    conversations: int = 2_000
    """The caller's."""
    changed: int = 3
    """Of these, those that went on meanwhile."""
    missed: int = 5
    """Messages in each of them."""
    left: int = 500
    """Conversations that the caller belonged to long ago. They went on, too."""
    others: int = 20_000
    """Conversations that are none of the caller's."""
    happened: int = 10
    """Messages in each of these while the caller was away."""


_TALKS = """
create temp table talks as
select md5('talk' || n)::uuid as id, n, n %% %(partitions)s as partition,
       n <= %(conversations)s as mine,
       n > %(conversations)s and n <= %(conversations)s + %(left)s as past,
       case when n <= %(changed)s then %(missed)s
            when n <= %(conversations)s then 0 else %(happened)s end as later
from generate_series(1, %(conversations)s + %(left)s + %(others)s) n
"""

# Within a partition everything happens in turn, one conversation after the other, a message each.
_HAPPENED = """
create temp table happened as
select id, n, partition, seq,
       row_number() over (partition by partition order by seq > %(before)s, seq, n) - 1 as "offset"
from talks, generate_series(1, %(before)s + later) seq
"""

_ROWS = (
    """insert into journal (partition, "offset", outcome, kind, conversation_id, actor, "time", seq)
       select partition, "offset", 'entry', 'message.sent', id, 'y' || n, now(), seq from happened""",
    """insert into messages (conversation_id, seq, id, partition, sender_id, text, created_at, sent_offset,
                             version)
       select id, seq, gen_random_uuid(), partition, 'y' || n, 'hello', now(), "offset", "offset"
       from happened""",
    """insert into conversations
       select id, partition, 'direct', null, 'all', min("offset"), now(), now(), max("offset"), max(seq), 2
       from happened group by id, partition""",
    """insert into members (conversation_id, user_id, from_offset, to_offset, partition, ordinal, joined_seq,
                            read_seq)
       select id, case when mine or past then %(caller)s else 'x' || n end, first,
              case when past then before end, partition, 0, 0, 0
       from talks join (
           select id, min("offset") as first, max("offset") filter (where seq <= %(before)s) as before
           from happened group by id) h using (id)""",
    """insert into members (conversation_id, user_id, from_offset, partition, ordinal, joined_seq, read_seq)
       select id, 'y' || n, min("offset"), partition, 1, 0, 0 from happened group by id, n, partition""",
    """insert into progress (partition, partitions, epoch, next_offset, published)
       select partition, %(partitions)s, %(epoch)s, max("offset") + 1, 0 from happened group by partition""",
)

_LEFT_AT = """
select array_agg(at order by partition) from (
    select partition, count(*) filter (where seq <= %(before)s) as at from happened group by partition) p
"""


def write(connection: psycopg.Connection[tuple[object, ...]], past: Past) -> list[int]:
    """Into a migrated, empty database. The caller's offsets when she left: what a cursor holds."""
    given = {**past._asdict(), "partitions": PARTITIONS, "before": BEFORE, "caller": CALLER, "epoch": EPOCH}
    for statement in (_TALKS, _HAPPENED, *_ROWS):
        connection.execute(statement, given)
    (found,) = connection.execute(_LEFT_AT, given).fetchall()
    (offsets,) = found
    assert isinstance(offsets, list)
    return offsets
