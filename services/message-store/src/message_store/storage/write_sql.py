"""The projector's SQL. Set-based, however large the batch."""

from typing import LiteralString

from message_store.storage.tables import CONVERSATIONS, JOURNAL, MEMBERS, MESSAGES, USER_REVOCATIONS, Table
from message_store.storage.timestamps import rfc3339

CLAIM = """
insert into progress (partition, partitions, epoch, next_offset, published, owner)
select p, %(partitions)s, %(epoch)s, 0, 0, %(owner)s from unnest(%(claimed)s::int[]) p order by p
on conflict (partition) do update set owner = excluded.owner
returning partition, next_offset, last_id, published
"""

FOREIGN_LOG = (
    "select epoch, partitions from progress where (epoch, partitions) <> (%(epoch)s, %(partitions)s) limit 1"
)

OWNED = """
select partition, next_offset, last_id, published from progress where partition = any(%s) and owner = %s
"""


def _insert(table: Table, rows: LiteralString) -> LiteralString:
    """Insert `rows`, or update the changing columns where the key exists; none unless the batch has won."""
    derived = f"{table.derived}\n    union all" if table.derived else ""
    changing = ", ".join(f"{column} = excluded.{column}" for column in table.changing)
    on_conflict = f"\n    on conflict ({table.key}) do update set {changing}" if changing else ""
    return f"""
    insert into {table.name} ({table.column_names}){derived}
    select {table.column_names} from won, {rows}
    order by {table.key}{on_conflict}"""


def _rows(table: Table) -> LiteralString:
    return f"json_to_recordset(%({table.name})s::json) as r ({table.columns})"


# One batch: one statement, and so one transaction and one round trip. Each table's rows are a JSON text of
# their own (of a single one PostgreSQL would read all anew for every part that is taken out).
#
# First it locks the progress rows that fence, in ascending order, so that two batches never deadlock. It
# writes nothing (`won` is empty) if one of them was lost to another projector, or if a message that the batch
# counts as new, or rejects, was sent before (`existing`). Its parts see the database as it was before, so no
# row may be written twice: `WriteSet` holds one row a key.
COMMIT = f"""
with step as materialized (
    select * from json_to_recordset(%(progress)s::json)
        as s (partition int, expected bigint, next_offset bigint, last_id text, published bigint)
), locked as materialized (
    select p.partition from progress p join step s using (partition)
    where p.next_offset = s.expected and p.owner = %(owner)s
    order by p.partition for update of p
), message_rows as materialized (
    select * from {_rows(MESSAGES)}
), existing as materialized (
    select conversation_id, id, m.sent_offset
    from (
        select conversation_id, id from message_rows
        union all
        select * from json_to_recordset(%(rejected_sends)s::json) as r (conversation_id uuid, id uuid)
    ) named join messages m using (conversation_id, id)
), fence as materialized (
    select (select count(*) from locked) = (select count(*) from step) as is_held
), won as materialized (
    select from fence where is_held and not exists (select from existing)
), moved as (
    update progress p
    set next_offset = s.next_offset, last_id = s.last_id, published = greatest(p.published, s.published)
    from won, step s where p.partition = s.partition
), conversations_written as ({_insert(CONVERSATIONS, _rows(CONVERSATIONS))}
), members_written as ({_insert(MEMBERS, _rows(MEMBERS))}
), messages_written as ({_insert(MESSAGES, "message_rows")}
), user_revocations_written as ({_insert(USER_REVOCATIONS, _rows(USER_REVOCATIONS))}
), journal_written as ({_insert(JOURNAL, _rows(JOURNAL))}
    returning partition, "offset", audience
), personal as (
    insert into journal_personal (user_id, partition, "offset")
    select unnest(audience), partition, "offset" from journal_written where audience is not null
)
select is_held,
       (select json_agg(json_build_array(conversation_id, id, sent_offset)) from existing) as existing
from fence
"""

STATES = f"""
select c.id::text, c.kind, c.title, c.history_visibility, c.started_offset,
       {rfc3339("c.created_at")} as created_at, {rfc3339("c.updated_at")} as updated_at,
       c.version, c.last_seq, m.users, m.intervals
from conversations c, lateral (
    select array_agg(user_id order by from_offset, ordinal) as users,
           array_agg(array[from_offset, ordinal, joined_seq, read_seq]
                     order by from_offset, ordinal) as intervals
    from members where conversation_id = c.id and to_offset is null
) m
where c.id = any(%s::uuid[])
"""

# The journal as an outbox: entries and rejections with what they show, as it was then, in the columns of
# `JournalRecord`.
UNPUBLISHED = f"""
select j.partition, j."offset", j.kind, coalesce(j.conversation_id::text, '') as conversation_id, j.actor,
       {rfc3339('j."time"')} as "time",
       j.seq, j.subject, j.client_id, j.reason, j.audience, m.id::text as message_id,
       m.client_id as message_client_id, m.text, {rfc3339("m.created_at")} as sent_at,
       c.kind as conversation_kind, c.title, c.history_visibility, c.started_offset,
       {rfc3339("c.created_at")} as created_at,
       {rfc3339("greatest(c.created_at, newest.at)")} as updated_at, present.users as members,
       {rfc3339("r.revoked_at")} as revoked_at
from journal j
left join conversations c on c.id = j.conversation_id and j.outcome = 'entry'
left join messages m on j.kind = 'message.sent' and m.conversation_id = c.id and m.seq = j.seq
left join user_revocations r
    on j.kind = 'user.revoked' and r.partition = j.partition and r."offset" = j."offset"
left join lateral (
    select array_agg(user_id order by from_offset, ordinal) as users from members
    where conversation_id = c.id and from_offset <= j."offset"
      and (to_offset is null or to_offset > j."offset")
) present on true
left join lateral (
    select max(created_at) as at from messages
    where j.kind in ('member.added', 'member.removed') and conversation_id = c.id and sent_offset < j."offset"
) newest on true
where j.partition = %s and j."offset" >= %s and j.outcome in ('entry', 'rejected')
order by j."offset" limit %s
"""
