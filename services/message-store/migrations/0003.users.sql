-- The aggregate user: revocations of tokens. One row for each, never changed; the latest of a user is in force.
create table user_revocations (
    partition  int         not null,
    "offset"   bigint      not null,       -- of the event in chat.events
    user_id    text        not null,
    revoked_at timestamptz not null,       -- tokens issued up to here are no longer accepted
    primary key (partition, "offset")
);

create index user_revocations_by_time on user_revocations (revoked_at, user_id);

-- WebSocket tickets that were used, until some time after they expire. Unlogged: a row is needed for a minute,
-- and what a crash of the server loses is covered by the tickets' life of 30 seconds.
create unlogged table redeemed_tickets (
    id         uuid        primary key,
    expires_at timestamptz not null
);

create index redeemed_tickets_by_expiry on redeemed_tickets (expires_at);
