"""Settings of PostgreSQL sessions: each sets what it needs, whatever server, database or role have set.

Settings travel as a statement after the connection is made and not as the startup parameter `options`, which
connection poolers refuse and some managed databases use for themselves. A pooler must keep a session for as
long as a client stays (PgBouncer: `pool_mode=session`).
"""

from collections.abc import Mapping
from typing import Any

import orjson
from psycopg import AsyncConnection

Settings = Mapping[str, str]

EVERY: Settings = {
    "client_encoding": "UTF8",
    "default_transaction_isolation": "read committed",  # the compare-and-set waits for a row and looks again
    # Statements look rows up by key; one prepared while its table was empty would go on scanning it. The
    # penalty that this puts on the scan of a small table makes each statement look expensive enough for JIT
    # compilation, which takes a hundred times as long as running it.
    "enable_seqscan": "off",
    "jit": "off",
    # A machine that vanishes in the middle of a transaction must not keep its rows locked.
    "idle_in_transaction_session_timeout": "5s",
    "idle_session_timeout": "0",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
WRITING: Settings = {
    **EVERY,
    "default_transaction_read_only": "off",
    # Joins with a batch: while a table is small, reading all of it looks cheaper than looking rows up.
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "statement_timeout": "15s",  # longer than the client waits: ends what a client that is gone left running
    "lock_timeout": "5s",  # as long as a vanished machine may hold a row
}
READING: Settings = {
    **EVERY,
    "default_transaction_read_only": "on",
    # Each query is planned once a connection: planning a page takes longer than reading it. PostgreSQL itself
    # plans anew each time, since it takes a limit that it does not know for a large one.
    "plan_cache_mode": "force_generic_plan",
    "statement_timeout": "5s",
    "lock_timeout": "1s",  # only a migration holds what a reader waits for
}
REDEEMING: Settings = {
    **EVERY,
    "default_transaction_read_only": "off",
    "synchronous_commit": "off",  # the table is unlogged: there is nothing to wait for
    "statement_timeout": "2s",
    "lock_timeout": "1s",
}
MIGRATING: Settings = {
    "client_encoding": "UTF8",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "statement_timeout": "0",  # an index takes as long as it takes
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}

CONNECT: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "connect_timeout": 5,
}
"""Connection parameters of libpq, on the client's side."""

APPLY = "select set_config(key, value, false) from json_each_text(%s::json)"


def parameters(settings: Settings) -> tuple[str]:
    """Return the parameters of APPLY."""
    return (orjson.dumps(dict(settings)).decode(),)


async def apply(connection: AsyncConnection[Any], settings: Settings) -> None:
    """Apply the settings until the session ends, in one round trip. Raises psycopg.Error."""
    await connection.execute(APPLY, parameters(settings))
