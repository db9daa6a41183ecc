"""The SQL of the queries. `user` is the caller, verified by the gateway.

Each is one statement, and so one snapshot and one round trip. Where an answer has a cursor, the columns of
`_STANDING` come first in each row, and one row comes even when nothing was found; HISTORY has a row for them.
"""

from typing import LiteralString

from message_store.storage.write_sql import ENTRY_COLUMNS, ENTRY_JOINS, rfc3339
from shared.contract.fields import MAX_READ_RECEIPT_MEMBERS, MAX_SYNC_PAGE_BYTES

PROGRESS = """
select max(epoch) as epoch, max(partitions) as partitions,
       string_agg(partition || ':' || next_offset, ' ') as begun
from progress where partition < partitions
"""

_STANDING = f"standing as materialized ({PROGRESS})"

MEMBERSHIP = f"""
select standing.*, exists(select 1 from members
    where conversation_id = %(conversation)s and user_id = %(user)s and to_offset is null)
from ({PROGRESS}) standing
"""


def _visible(history_visibility: LiteralString) -> LiteralString:
    """A message x that `user` may read: visible to all, or sent within one of the user's intervals."""
    return f"""({history_visibility} = 'all' or exists (
    select 1 from members i
    where i.conversation_id = x.conversation_id and i.user_id = %(user)s
      and x.sent_offset between i.from_offset and coalesce(i.to_offset, 9223372036854775807)))"""


_MESSAGE = f"x.id::text, x.seq, x.sender_id, x.text, {rfc3339('x.created_at')}, x.version, x.client_id"

# What isRead of a message needs: how far the caller and how far all others have read.
_READ = """m.read_seq, c.member_count,
    (select min(read_seq) from members o
     where o.conversation_id = c.id and o.to_offset is null and o.user_id <> %(user)s)"""

# `others` counts up to 32 members (READ_RECEIPT_MEMBERS): all of them are among those that are named.
_CONVERSATION = f"""
select c.id::text, c.kind, c.title, c.last_seq, c.version,
    {rfc3339("c.created_at")}, {rfc3339("c.updated_at")},
    named.users, m.read_seq, c.member_count, named.others, last.*
from page m join conversations c on c.id = m.conversation_id
cross join lateral (
    select array_agg(user_id order by from_offset, ordinal) as users,
        min(read_seq) filter (where user_id <> %(user)s) as others
    from (
        select user_id, from_offset, ordinal, read_seq from members o
        where o.conversation_id = c.id and o.to_offset is null order by from_offset, ordinal limit 100) n
) named
left join lateral (
    select {_MESSAGE} from messages x
    where x.conversation_id = c.id and x.seq = c.last_seq and {_visible("c.history_visibility")}
) last on true
order by c.updated_at desc, c.id desc
"""

CONVERSATIONS = f"""
with {_STANDING}, page as (
    select m.conversation_id, m.read_seq from members m join conversations c on c.id = m.conversation_id
    where m.user_id = %(user)s and m.to_offset is null
      and (%(before)s::timestamptz is null or (c.updated_at, c.id) < (%(before)s, %(before_id)s::uuid))
    order by c.updated_at desc, c.id desc limit %(limit)s
), listed (listed_id, kind, title, last_seq, version, created, updated) as materialized ({_CONVERSATION})
select * from standing left join listed on true
order by updated desc, listed_id desc
"""

CONVERSATION = f"""
with page as (
    select m.conversation_id, m.read_seq from members m
    where m.conversation_id = %(conversation)s and m.user_id = %(user)s and m.to_offset is null
) {_CONVERSATION}"""

_READER = f"""
select {_READ}, c.history_visibility from members m join conversations c on c.id = m.conversation_id
where m.conversation_id = %(conversation)s and m.user_id = %(user)s and m.to_offset is null
"""

_FROM = f"""from messages x where x.conversation_id = %(conversation)s and {_visible("reader.open_to")}"""

# Both sides of a bound, each at most `limit` rows, nearest first.
_OLDER = f"select {_MESSAGE} {_FROM} and x.seq < %(bound)s order by x.seq desc limit %(older)s"
_NEWER = f"select {_MESSAGE} {_FROM} and x.seq >= %(bound)s order by x.seq limit %(newer)s"

# The first row says in its first column where things stand and who reads; said again beside each message, it
# took a fifth of the statement's time. `cross join`: for who is no member no message is looked at, since none
# would be visible, and so no limit would end the search.
HISTORY = f"""
with {_STANDING}, reader (read_seq, member_count, others, open_to) as materialized ({_READER})
select json_build_array(epoch, partitions, begun, read_seq, member_count, others)::text as id, null as seq,
    null, null, null, null, null
from standing left join reader on true
union all
select found.* from reader cross join lateral (({_OLDER}) union all ({_NEWER})) found
order by seq nulls first
"""

OUTCOME = f"""
select j.outcome, j.reason, j.conversation_id::text, m.read_seq, c.member_count,
    (select min(read_seq) from members o
     where o.conversation_id = c.id and o.to_offset is null and o.user_id <> %(user)s), {_MESSAGE}
from journal j
left join journal first on first.partition = j.partition and first."offset" = j.of_offset
left join conversations c on c.id = j.conversation_id
left join members m on m.conversation_id = c.id and m.user_id = %(user)s and m.to_offset is null
left join messages x on x.conversation_id = c.id and x.seq = coalesce(first.seq, j.seq)
    and coalesce(first.kind, j.kind) = 'message.sent'
where j.partition = %(partition)s and j."offset" = %(offset)s and j.actor = %(user)s
"""

# What happened after a cursor (`offsets`: per partition the next offset) in conversations that `user`
# belonged to at that moment, and what is for `user` alone. Conversations where nothing happened cost one
# look each, by key: as a join the planner reads the whole table instead once a caller has many. Partitions
# come one after the other, and none is begun that the page does not need; in it no more than `limit`
# journal rows of each conversation are read. `python -m bench query-plan` shows the plan.
_DUE = """
since as (
    select (place - 1)::int as partition, at
    from unnest(%(offsets)s::bigint[]) with ordinality as o (at, place)
), mine as materialized (
    select m.conversation_id, m.partition, greatest(m.from_offset, since.at) as low,
           coalesce(m.to_offset, 9223372036854775807) as high
    from members m join since using (partition)
    where m.user_id = %(user)s and (m.to_offset is null or m.to_offset >= since.at)
      and (select version from conversations where id = m.conversation_id) >= since.at
), due as (
    select since.partition, found."offset"
    from (select * from since order by partition) since cross join lateral (
        (select entry."offset"
         from mine cross join lateral (
             select j."offset" from journal j
             where j.conversation_id = mine.conversation_id and j.outcome = 'entry' and j.audience is null
               and j."offset" between mine.low and mine.high
             order by j."offset" limit %(limit)s
         ) entry where mine.partition = since.partition)
        union all
        (select p."offset" from journal_personal p
         where p.user_id = %(user)s and p.partition = since.partition and p."offset" >= since.at
         order by p."offset" limit %(limit)s)
        order by 1 limit %(limit)s
    ) found
    order by 1, 2 limit %(limit)s
)"""

PROBE = f"""with {_DUE} select * from due"""

# All members are looked at only where a frame names them, or says of a small conversation who has read.
_NAMED = ENTRY_JOINS.format(present="j.kind in ('conversation.started', 'member.added', 'member.removed')")

# Long texts end a page: those after the one that fills it are not read, only measured (which PostgreSQL does
# without unpacking them).
SYNC = f"""
with {_STANDING}, {_DUE}, told as materialized (
{ENTRY_COLUMNS}, reader.read_seq, c.member_count, others.read_seq
from due join journal j using (partition, "offset") {_NAMED}
left join members reader on j.kind = 'message.sent'
    and reader.conversation_id = c.id and reader.user_id = %(user)s and reader.to_offset is null
left join lateral (
    select min(read_seq) as read_seq from members
    where j.kind = 'message.sent' and c.member_count <= {MAX_READ_RECEIPT_MEMBERS}
      and conversation_id = c.id and to_offset is null and user_id <> %(user)s
) others on true
)
select * from standing left join (
    select told.*, sum(octet_length(told.text)) over (
        order by told.partition, told."offset" rows between unbounded preceding and 1 preceding) as before
    from told
) page on coalesce(page.before, 0) <= {MAX_SYNC_PAGE_BYTES}
order by page.partition, page."offset"
"""
