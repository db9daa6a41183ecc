"""A page of history as one would write it by hand: ASGI, psycopg's pool, one query, orjson, uvicorn.

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

from bench.systems.server_process import free_port, tcp_server
from deploy.local.paths import ROOT
from deploy.local.supervisor.process import module

_PAGE = """
select seq, id, sender_id, text, created_at from messages
where conversation_id = %s and seq < %s order by seq desc limit 50
"""
_FIELDS = ("seq", "id", "senderId", "text", "createdAt")

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
_pools: list[AsyncConnectionPool] = []


async def app(scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
    if scope["type"] == "lifespan":
        await _start(send)
        return
    query = parse_qs(scope["query_string"].decode())
    before = int(query.get("before", ["9007199254740991"])[0])
    async with _pools[0].connection() as connection:
        cursor = await connection.execute(_PAGE, (query["conversationId"][0], before), prepare=True)
        rows = await cursor.fetchall()
    body = orjson.dumps({"items": [dict(zip(_FIELDS, row, strict=True)) for row in reversed(rows)]})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _start(send: Send) -> None:
    pool = AsyncConnectionPool(
        os.environ["DATABASE_URL"], min_size=6, max_size=6, kwargs={"autocommit": True}, open=False
    )
    _pools.append(pool)
    await pool.open(wait=True)
    await send({"type": "lifespan.startup.complete"})


@contextmanager
def bare_page(folder: Path, database: str) -> Iterator[tuple[str, int]]:
    """Its address and pid."""
    port = free_port()
    options = ["--port", str(port), "--log-level", "warning", "--no-access-log"]
    command = module("uvicorn", f"{__name__}:app", *options)
    env = {"DATABASE_URL": database, "PYTHONPATH": str(ROOT)}
    with tcp_server(command, folder / "bare-page.log", env, port) as pid:
        yield f"127.0.0.1:{port}", pid
