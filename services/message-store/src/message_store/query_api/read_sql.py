"""The SQL of the queries. `user` is the caller, verified by the gateway.

Each query is one statement: one snapshot, one round trip. If its answer has a cursor, each row has the
columns of PROGRESS, and there is one row even when nothing is found; HISTORY has a row of its own for them.
"""

from typing import LiteralString

from message_store.storage.timestamps import rfc3339
from shared.contract.fields import MAX_READ_RECEIPT_MEMBERS, MAX_SYNC_PAGE_BYTES

PROGRESS = """
select max(epoch) as epoch, max(partitions) as partitions,
       string_agg(partition || ':' || next_offset, ' ') as offsets
from progress where partition < partitions
"""

_PROJECTION = f"projection as materialized ({PROGRESS})"

MEMBERSHIP = f"""
select projection.*, exists(select 1 from members
    where conversation_id = %(conversation)s and user_id = %(user)s and to_offset is null) as is_member
from ({PROGRESS}) projection
"""


REVOCATIONS = f"""
select user_id, {rfc3339("max(revoked_at)")} as revoked_at from user_revocations
where revoked_at >= %(since)s::timestamptz and user_id collate "C" > %(after)s
group by user_id collate "C", user_id order by user_id collate "C" limit %(limit)s
"""


def _visible(history_visibility: LiteralString) -> LiteralString:
    """The condition that `user` may read message x: it is visible to all members, or was sent within one of
    the user's intervals of membership."""
    return f"""({history_visibility} = 'all' or exists (
    select 1 from members i
    where i.conversation_id = x.conversation_id and i.user_id = %(user)s
      and x.sent_offset between i.from_offset and coalesce(i.to_offset, 9223372036854775807)))"""


_MESSAGE = f"""x.id::text as id, x.seq, x.sender_id, x.text, {rfc3339("x.created_at")} as created_at,
    x.version, x.client_id"""

# What `isRead` of a message depends on: how far the caller and how far all others have read.
_READER = """m.read_seq, c.member_count,
    (select min(read_seq) from members o
     where o.conversation_id = c.id and o.to_offset is null and o.user_id <> %(user)s) as others_read_seq"""

# `others_read_seq` is used up to 32 members (MAX_READ_RECEIPT_MEMBERS), who are all among the first 100.
_CONVERSATION = f"""
select c.id::text as id, c.kind, c.title, c.last_seq, c.version, {rfc3339("c.created_at")} as created_at,
    {rfc3339("c.updated_at")} as updated_at, named.members, m.read_seq, c.member_count, named.others_read_seq,
    last.*
from page m join conversations c on c.id = m.conversation_id
cross join lateral (
    select array_agg(user_id order by from_offset, ordinal) as members,
        min(read_seq) filter (where user_id <> %(user)s) as others_read_seq
    from (
        select user_id, from_offset, ordinal, read_seq from members o
        where o.conversation_id = c.id and o.to_offset is null order by from_offset, ordinal limit 100) n
) named
left join lateral (
    select {_MESSAGE} from messages x
    where x.conversation_id = c.id and x.seq = c.last_seq and {_visible("c.history_visibility")}
) last (message_id, message_seq, message_sender_id, message_text, message_created_at, message_version,
    message_client_id) on true
order by c.updated_at desc, c.id desc
"""

CONVERSATIONS = f"""
with {_PROJECTION}, page as (
    select m.conversation_id, m.read_seq from members m join conversations c on c.id = m.conversation_id
    where m.user_id = %(user)s and m.to_offset is null
      and (%(before)s::timestamptz is null or (c.updated_at, c.id) < (%(before)s, %(before_id)s::uuid))
    order by c.updated_at desc, c.id desc limit %(limit)s
), listed as materialized ({_CONVERSATION})
select * from projection left join listed on true
order by listed.updated_at desc, listed.id desc
"""

CONVERSATION = f"""
with page as (
    select m.conversation_id, m.read_seq from members m
    where m.conversation_id = %(conversation)s and m.user_id = %(user)s and m.to_offset is null
) {_CONVERSATION}"""

_MEMBER = f"""
select {_READER}, c.history_visibility from members m join conversations c on c.id = m.conversation_id
where m.conversation_id = %(conversation)s and m.user_id = %(user)s and m.to_offset is null
"""

_FROM = f"""from messages x
    where x.conversation_id = %(conversation)s and {_visible("member.history_visibility")}"""

# Both sides of a bound, each at most `limit` rows, nearest first.
_OLDER = f"select {_MESSAGE} {_FROM} and x.seq < %(bound)s order by x.seq desc limit %(older)s"
_NEWER = f"select {_MESSAGE} {_FROM} and x.seq >= %(bound)s order by x.seq limit %(newer)s"

# The first row has in its `id`, as JSON, the projection and the reader: beside each message they took a fifth
# of the statement's time. `cross join`: for a caller who is no member no message is read, since none
# would be visible and no limit would end the search.
HISTORY = f"""
with {_PROJECTION}, member as materialized ({_MEMBER})
select json_build_object('epoch', epoch, 'partitions', partitions, 'offsets', offsets, 'read_seq', read_seq,
        'member_count', member_count, 'others_read_seq', others_read_seq)::text as id,
    null as seq, null as sender_id, null as text, null as created_at, null as version, null as client_id
from projection left join member on true
union all
select message.* from member cross join lateral (({_OLDER}) union all ({_NEWER})) message
order by seq nulls first
"""

OUTCOME = f"""
select j.outcome, j.reason, j.conversation_id::text as conversation_id, {_READER}, {_MESSAGE}
from journal j
left join journal first on first.partition = j.partition and first."offset" = j.of_offset
left join conversations c on c.id = j.conversation_id
left join members m on m.conversation_id = c.id and m.user_id = %(user)s and m.to_offset is null
left join messages x on x.conversation_id = c.id and x.seq = coalesce(first.seq, j.seq)
    and coalesce(first.kind, j.kind) = 'message.sent'
where j.partition = %(partition)s and j."offset" = %(offset)s and j.actor = %(user)s
"""

# Journal rows after a cursor (`offsets`: per partition the next offset) of conversations that `user` belonged
# to at that offset, and those for `user` alone. A conversation without any costs one look-up by key: as a
# join the planner would read the whole table once a caller has many conversations. Partitions are read one
# after the other until the page is full; in each, at most `limit` journal rows of a conversation.
# `python -m bench query-plan` shows the plan.
_DUE = """
since as (
    select (place - 1)::int as partition, at
    from unnest(%(offsets)s::bigint[]) with ordinality as o (at, place)
), intervals as materialized (
    select m.conversation_id, m.partition, greatest(m.from_offset, since.at) as low,
           coalesce(m.to_offset, 9223372036854775807) as high
    from members m join since using (partition)
    where m.user_id = %(user)s and (m.to_offset is null or m.to_offset >= since.at)
      and (select version from conversations where id = m.conversation_id) >= since.at
), due as (
    select since.partition, found."offset"
    from (select * from since order by partition) since cross join lateral (
        (select entry."offset"
         from intervals cross join lateral (
             select j."offset" from journal j
             where j.conversation_id = intervals.conversation_id
               and j.outcome = 'entry' and j.audience is null
               and j."offset" between intervals.low and intervals.high
             order by j."offset" limit %(limit)s
         ) entry where intervals.partition = since.partition)
        union all
        (select p."offset" from journal_personal p
         where p.user_id = %(user)s and p.partition = since.partition and p."offset" >= since.at
         order by p."offset" limit %(limit)s)
        order by 1 limit %(limit)s
    ) found
    order by 1, 2 limit %(limit)s
)"""

PROBE = f"""with {_DUE} select * from due"""

# Members are read only for a frame that names them, and of a small conversation for `isRead`. Long texts end
# a page: those after the one that fills it are only measured, which PostgreSQL does without decompressing.
SYNC = f"""
with {_PROJECTION}, {_DUE}, missed as materialized (
    select j.partition, j."offset", j.kind, j.conversation_id::text as conversation_id, j.actor, j.subject,
        j.client_id as rejected_client_id, j.reason,
        m.id::text as id, j.seq, m.sender_id, m.text, {rfc3339("m.created_at")} as created_at,
        j."offset" as version, m.client_id,
        reader.read_seq, c.member_count, others.read_seq as others_read_seq,
        c.kind as conversation_kind, c.title, present.members, {rfc3339("c.created_at")} as started_at,
        {rfc3339("greatest(c.created_at, newest.created_at)")} as updated_at
    from due join journal j using (partition, "offset")
    left join conversations c on c.id = j.conversation_id and j.outcome = 'entry'
    left join messages m on j.kind = 'message.sent' and m.conversation_id = c.id and m.seq = j.seq
    left join lateral (
        select array_agg(user_id order by from_offset, ordinal) as members from members
        where j.kind in ('conversation.started', 'member.added', 'member.removed') and conversation_id = c.id
          and from_offset <= j."offset" and (to_offset is null or to_offset > j."offset")
    ) present on true
    left join lateral (
        select max(created_at) as created_at from messages
        where j.kind in ('member.added', 'member.removed') and conversation_id = c.id
          and sent_offset < j."offset"
    ) newest on true
    left join members reader on j.kind = 'message.sent'
        and reader.conversation_id = c.id and reader.user_id = %(user)s and reader.to_offset is null
    left join lateral (
        select min(read_seq) as read_seq from members
        where j.kind = 'message.sent' and c.member_count <= {MAX_READ_RECEIPT_MEMBERS}
          and conversation_id = c.id and to_offset is null and user_id <> %(user)s
    ) others on true
)
select * from projection left join (
    select missed.*, sum(octet_length(missed.text)) over (
        order by missed.partition, missed."offset" rows between unbounded preceding and 1 preceding
    ) as text_bytes_before
    from missed
) page on coalesce(page.text_bytes_before, 0) <= {MAX_SYNC_PAGE_BYTES}
order by page.partition, page."offset"
"""
