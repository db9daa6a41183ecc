"""A page of history as one would write it by hand: ASGI, a pool of psycopg's, one query, orjson, uvicorn.

No caller, no membership, no cursor, no errors: what a page of 50 costs at the very least.
"""

import os
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
from psycopg_pool import AsyncConnectionPool

from bench.peers.private import answers, free_port, server
from deploy.local.supervisor.process import module

_PAGE = """
select seq, id, sender_id, text, created_at from messages
where conversation_id = %s and seq < %s order by seq desc limit 50
"""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_pools: list[AsyncConnectionPool] = []


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    query = parse_qs(scope["query_string"].decode())
    before = int(query.get("before", ["9007199254740991"])[0])
    async with _pools[0].connection() as connection:
        cursor = await connection.execute(_PAGE, (query["conversationId"][0], before), prepare=True)
        rows = await cursor.fetchall()
    body = orjson.dumps({"items": [_item(row) for row in reversed(rows)]})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _item(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(("seq", "id", "senderId", "text", "createdAt"), row, strict=True))


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            how = {"autocommit": True}
            pool = AsyncConnectionPool(
                os.environ["DATABASE_URL"], min_size=6, max_size=6, kwargs=how, open=False
            )
            await pool.open(wait=True)
            _pools.append(pool)
            await send({"type": "lifespan.startup.complete"})
        else:
            await _pools.pop().close()
            await send({"type": "lifespan.shutdown.complete"})
            return


@contextmanager
def bare(folder: Path, database: str) -> Iterator[tuple[str, int]]:
    """Its address and pid."""
    port = free_port()
    options = ["--port", str(port), "--log-level", "warning", "--no-access-log"]
    command = module("uvicorn", "bench.peers.bare:app", *options)
    root = str(Path(__file__).parents[2])
    env = {"DATABASE_URL": database, "PYTHONPATH": root}
    with server(command, folder, env, lambda: answers(port)) as pid:
        yield f"127.0.0.1:{port}", pid
