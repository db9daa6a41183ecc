"""The SQL of the queries. `user` is the caller, verified by the gateway."""

from message_store.statements import spelt

PROGRESS = """
select max(epoch), array_agg(coalesce(next_offset, 0) order by p)
from generate_series(0, (select max(partitions) from progress) - 1) p
left join progress on partition = p
"""

MEMBERSHIP = """
select 1 from members where conversation_id = %(conversation)s and user_id = %(user)s and to_offset is null
"""

# A message that `user` may read: history visible to all, or sent within one of the user's intervals.
_VISIBLE = """(c.history_visibility = 'all' or exists (
    select 1 from members i
    where i.conversation_id = c.id and i.user_id = %(user)s
      and x.sent_offset between i.from_offset and coalesce(i.to_offset, 9223372036854775807)))"""

_MESSAGE = f"x.id::text, x.seq, x.sender_id, x.text, {spelt('x.created_at')}, x.version, x.client_id"

# What isRead of a message needs: how far the caller and how far all others have read.
_READ = """m.read_seq, c.member_count,
    (select min(read_seq) from members o
     where o.conversation_id = c.id and o.to_offset is null and o.user_id <> %(user)s)"""

_CONVERSATION = f"""
select c.id::text, c.kind, c.title, c.last_seq, c.version, {spelt("c.created_at")}, {spelt("c.updated_at")},
    named.users, {_READ}, last.*
from page m join conversations c on c.id = m.conversation_id
cross join lateral (
    select array_agg(user_id order by from_offset, ordinal) as users from (
        select user_id, from_offset, ordinal from members o
        where o.conversation_id = c.id and o.to_offset is null order by from_offset, ordinal limit 100) n
) named
left join lateral (
    select {_MESSAGE} from messages x where x.conversation_id = c.id and x.seq = c.last_seq and {_VISIBLE}
) last on true
order by c.updated_at desc, c.id desc
"""

CONVERSATIONS = f"""
with page as (
    select m.conversation_id, m.read_seq from members m join conversations c on c.id = m.conversation_id
    where m.user_id = %(user)s and m.to_offset is null
      and (%(before)s::timestamptz is null or (c.updated_at, c.id) < (%(before)s, %(before_id)s::uuid))
    order by c.updated_at desc, c.id desc limit %(limit)s
) {_CONVERSATION}"""

CONVERSATION = f"""
with page as (
    select m.conversation_id, m.read_seq from members m
    where m.conversation_id = %(conversation)s and m.user_id = %(user)s and m.to_offset is null
) {_CONVERSATION}"""

READER = f"""
select {_READ} from members m join conversations c on c.id = m.conversation_id
where m.conversation_id = %(conversation)s and m.user_id = %(user)s and m.to_offset is null
"""

_FROM = f"""from messages x join conversations c on c.id = x.conversation_id
where c.id = %(conversation)s and {_VISIBLE}"""

# Both sides of a bound, each at most `limit` rows, nearest first.
OLDER = f"select {_MESSAGE} {_FROM} and x.seq < %(bound)s order by x.seq desc limit %(older)s"
NEWER = f"select {_MESSAGE} {_FROM} and x.seq >= %(bound)s order by x.seq limit %(newer)s"

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
