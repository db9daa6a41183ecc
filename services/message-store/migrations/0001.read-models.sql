-- The read models: what a client may ask for, and the journal: what came of every event.
-- Every table carries `partition`, and nothing here needs rows of two partitions, so that partitions can be
-- spread over databases.

-- How far the projection of each partition is; the row that a transaction must win before it writes.
create table progress (
    partition   int    primary key,
    partitions  int    not null,          -- how many the log has
    epoch       text   not null,          -- which log this is
    next_offset bigint not null,          -- everything below is projected
    last_id     text,                     -- the event at next_offset - 1; null when it could not be decoded
    published   bigint not null,          -- everything below was confirmed in chat.messages (moves lazily)
    owner       uuid                      -- the projector that may write this partition
) with (fillfactor = 50);

create table conversations (
    id                 uuid primary key,
    partition          int         not null,
    kind               text        not null,
    title              text,
    history_visibility text        not null,
    started_offset     bigint      not null,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    version            bigint      not null,
    last_seq           bigint      not null,
    member_count       int         not null
) with (fillfactor = 70);

-- Who belongs to a conversation, as intervals of the log: both ends belong to it.
create table members (
    conversation_id uuid   not null,
    user_id         text   not null,
    from_offset     bigint not null,
    to_offset       bigint,               -- null: a member now
    partition       int    not null,
    ordinal         int    not null,      -- the place among those who joined by the same event
    joined_seq      bigint not null,
    read_seq        bigint not null,
    primary key (conversation_id, user_id, from_offset)
) with (fillfactor = 70);

create index members_present on members (user_id, conversation_id) where to_offset is null;

create table messages (
    conversation_id uuid        not null,
    seq             bigint      not null, -- 1, 2, 3 … without a gap
    id              uuid        not null,
    partition       int         not null,
    sender_id       text        not null,
    client_id       text,
    text            text        not null,
    created_at      timestamptz not null,
    sent_offset     bigint      not null,
    version         bigint      not null,
    primary key (conversation_id, seq),
    unique (conversation_id, id)
);

-- One row for each offset of the log: what the fold made of it. Ids only, never a message's text.
create table journal (
    partition       int    not null,
    "offset"        bigint not null,
    outcome         text   not null,      -- entry, rejected, duplicate, skipped
    kind            text,                 -- of what is told: message.sent, read.moved …
    conversation_id uuid,
    actor           text,
    "time"          timestamptz,
    seq             bigint,               -- of a message its seq, of a read what it moved to
    subject         text,                 -- who joined or left; of a rejection what it refused
    client_id       text,
    reason          text,
    of_offset       bigint,               -- of a duplicate: the event that did it first
    audience        text[],               -- null: every member whose interval holds this offset
    primary key (partition, "offset")
);

-- The rows with an explicit audience, by user.
create table journal_personal (
    user_id   text   not null,
    partition int    not null,
    "offset"  bigint not null,
    primary key (user_id, partition, "offset")
);
