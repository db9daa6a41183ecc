"""The projector's SQL. Set-based, however large the batch."""

from typing import LiteralString

CLAIM = """
insert into progress (partition, partitions, epoch, next_offset, published, owner)
select p, %(partitions)s, %(epoch)s, 0, 0, %(owner)s from unnest(%(claimed)s::int[]) p order by p
on conflict (partition) do update set owner = excluded.owner
returning partition, next_offset, last_id, published
"""

FOREIGN_LOG = "select epoch, partitions from progress where (epoch, partitions) <> (%s, %s) limit 1"

OWNED = """
select partition, next_offset, last_id, published from progress where partition = any(%s) and owner = %s
"""

# One batch, as a JSON text for each table (of a single one PostgreSQL would read all anew for every part that
# is taken out): one statement, and so one transaction and one round trip. First of all it takes the rows that
# fence, in ascending order, so that two never deadlock; whoever lost one of them writes nothing, nor does a
# batch that takes for new what was sent before (`known`). Its parts see the database as it was before, so no
# row may be written twice.
COMMIT = """
with step as materialized (
    select * from json_to_recordset(%(advances)s::json)
        as s (partition int, expected bigint, next_offset bigint, last_id text, published bigint)
), locked as materialized (
    select p.partition from progress p join step s using (partition)
    where p.next_offset = s.expected and p.owner = %(owner)s
    order by p.partition for update of p
), new as materialized (
    select * from json_to_recordset(%(messages)s::json)
        as m (partition int, conversation_id uuid, seq bigint, id uuid, sender_id text, client_id text,
              text text, created_at timestamptz, sent_offset bigint)
), known as materialized (
    select conversation_id, id, m.sent_offset
    from (
        select conversation_id, id from new
        union all
        select * from json_to_recordset(%(refused)s::json) as r (conversation_id uuid, id uuid)
    ) asked join messages m using (conversation_id, id)
), held as materialized (
    select (select count(*) from locked) = (select count(*) from step) as all_of_it
), won as materialized (
    select from held where all_of_it and not exists (select from known)
), advanced as (
    update progress p
    set next_offset = s.next_offset, last_id = s.last_id, published = greatest(p.published, s.published)
    from won, step s where p.partition = s.partition
), conversed as (
    insert into conversations (partition, id, kind, title, history_visibility, started_offset, created_at,
                               updated_at, version, last_seq, member_count)
    select c.* from won, json_to_recordset(%(conversations)s::json)
        as c (partition int, id uuid, kind text, title text, history_visibility text, started_offset bigint,
              created_at timestamptz, updated_at timestamptz, version bigint, last_seq bigint,
              member_count int)
    on conflict (id) do update
    set updated_at = excluded.updated_at, version = excluded.version, last_seq = excluded.last_seq,
        member_count = excluded.member_count
), began as (
    insert into members (partition, conversation_id, user_id, from_offset, ordinal, joined_seq, read_seq,
                         to_offset)
    select i.* from won, json_to_recordset(%(intervals)s::json)
        as i (partition int, conversation_id uuid, user_id text, from_offset bigint, ordinal int,
              joined_seq bigint, read_seq bigint, to_offset bigint)
), read as (
    update members m set read_seq = r.read_seq, to_offset = r.to_offset
    from won, json_to_recordset(%(reads)s::json)
        as r (conversation_id uuid, user_id text, from_offset bigint, read_seq bigint, to_offset bigint)
    where (m.conversation_id, m.user_id, m.from_offset) = (r.conversation_id, r.user_id, r.from_offset)
), sent as (
    insert into messages (partition, conversation_id, seq, id, sender_id, client_id, text, created_at,
                          sent_offset, version)
    select new.*, sent_offset from won, new
    order by conversation_id, seq -- what is next to each other in the index goes in together
), happened as (
    insert into journal (partition, "offset", outcome, kind, conversation_id, actor, "time", seq, subject,
                         client_id, reason, of_offset, audience)
    select partition, sent_offset, 'entry', 'message.sent', conversation_id, sender_id, created_at, seq,
           null, null, null, null, null
    from won, new -- of a sent message the journal says nothing that the message does not
    union all
    select partition, "offset", outcome, kind, conversation_id, actor, "time", seq, subject, client_id,
           reason, of_offset,
           case when audience is not null then array(select json_array_elements_text(audience)) end
    from won, json_to_recordset(%(journal)s::json)
        as j (partition int, "offset" bigint, outcome text, kind text, conversation_id uuid, actor text,
              "time" timestamptz, seq bigint, subject text, client_id text, reason text, of_offset bigint,
              audience json)
    order by 1, 2
    returning partition, "offset", audience
), personal as (
    insert into journal_personal (user_id, partition, "offset")
    select unnest(audience), partition, "offset" from happened where audience is not null
)
select all_of_it, (select json_agg(json_build_array(conversation_id, id, sent_offset)) from known) from held
"""

STATES = """
select c.id::text, c.kind, c.title, c.history_visibility, c.started_offset, {created_at}, {updated_at},
       c.version, c.last_seq, m.users, m.intervals
from conversations c, lateral (
    select array_agg(user_id order by from_offset, ordinal) as users,
           array_agg(array[from_offset, ordinal, joined_seq, read_seq]
                     order by from_offset, ordinal) as intervals
    from members where conversation_id = c.id and to_offset is null
) m
where c.id = any(%s::uuid[])
"""

# An entry or rejection `j` with all that was told of it, as it was told then.
ENTRY_COLUMNS = """
select j.partition, j."offset", j.kind, j.conversation_id::text, j.actor, {time}, j.seq, j.subject,
       j.client_id, j.reason, j.audience, m.id::text, m.client_id, m.text, {sent_at},
       c.kind, c.title, c.history_visibility, c.started_offset, {created_at}, {updated_at}, present.users"""

# `{present}`: of which rows the members at that moment are asked.
ENTRY_JOINS = """
left join conversations c on c.id = j.conversation_id and j.outcome = 'entry'
left join messages m on j.kind = 'message.sent' and m.conversation_id = c.id and m.seq = j.seq
left join lateral (
    select array_agg(user_id order by from_offset, ordinal) as users from members
    where {present} and conversation_id = c.id
      and from_offset <= j."offset" and (to_offset is null or to_offset > j."offset")
) present on true
left join lateral (
    select max(created_at) as at from messages
    where j.kind in ('member.added', 'member.removed') and conversation_id = c.id and sent_offset < j."offset"
) newest on true
"""

# The journal as an outbox.
UNPUBLISHED = """
{columns}
from journal j {joins}
where j.partition = %s and j."offset" >= %s and j.outcome in ('entry', 'rejected')
order by j."offset" limit %s
"""


def rfc3339(expression: LiteralString) -> LiteralString:
    """A time as it stands on every wire."""
    return f"""to_char({expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""


STATES = STATES.format(created_at=rfc3339("c.created_at"), updated_at=rfc3339("c.updated_at"))
ENTRY_COLUMNS = ENTRY_COLUMNS.format(
    time=rfc3339('j."time"'),
    sent_at=rfc3339("m.created_at"),
    created_at=rfc3339("c.created_at"),
    updated_at=rfc3339("greatest(c.created_at, newest.at)"),
)
UNPUBLISHED = UNPUBLISHED.format(columns=ENTRY_COLUMNS, joins=ENTRY_JOINS.format(present="true"))
