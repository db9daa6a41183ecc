"""The store on PostgreSQL servers of others: with PostgreSQL's own defaults, and with settings that break
or slow down sessions that keep the defaults."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from message_store.query_api import read_sql
from message_store.storage import sessions, write_sql
from shared.contract import ids
from shared.contract.events import Event
from tests.fixtures import builders
from tests.fixtures.platform import PlainServer, fresh_database, plain_server
from tests.integration.read_models import GROUP, ReadModels, open_read_models

HOSTILE = {
    "jit": "on",
    "client_encoding": "LATIN1",
    "datestyle": "German, DMY",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "enable_seqscan": "on",
    "idle_session_timeout": "1min",
    "plan_cache_mode": "force_custom_plan",
    "standard_conforming_strings": "off",
    "statement_timeout": "1min",
    "timezone": "Asia/Kolkata",
}
EXPLAINED = {"auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on"}
DIRECT = ids.direct_conversation_id("ann", "bob")
TEXT = "for all: 👋 ğ \u4f60"


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[PlainServer]:
    async with plain_server() as started:
        yield started


@contextmanager
def _database(server: PlainServer, settings: dict[str, str]) -> Iterator[str]:
    with fresh_database(server.database) as url:
        with psycopg.connect(url, autocommit=True) as admin:
            name = sql.Identifier(admin.info.dbname)
            admin.execute(
                sql.SQL("alter database {} set session_preload_libraries = 'auto_explain'").format(name)
            )
        with psycopg.connect(url, autocommit=True) as admin:
            for key, value in (EXPLAINED | settings).items():
                change = sql.SQL("alter database {} set {} = {}")
                admin.execute(change.format(name, sql.SQL(key), sql.Literal(value)))
        yield url


@pytest.fixture(params=[{}, HOSTILE], ids=["its own defaults", "hostile settings"])
def any_url(server: PlainServer, request: pytest.FixtureRequest) -> Iterator[str]:
    with _database(server, request.param) as url:
        yield url


def _story() -> list[Event]:
    return [
        builders.direct("ann", "bob"),
        builders.started(GROUP, ["ann", "bob", "cat"]),
        *(builders.sent(GROUP, "ann", TEXT, client_id=str(n)) for n in range(5)),
        builders.sent(DIRECT, "bob", TEXT, client_id="1"),
        builders.read(GROUP, "bob", 2),
    ]


async def _answers(read_models: ReadModels) -> list[Any]:
    """Run each query once."""
    position = f"{builders.EPOCH}-0-2"
    return [
        await read_models.get("/conversations", user="ann"),
        await read_models.get(f"/conversations/{GROUP}", user="bob"),
        await read_models.history("cat"),
        await read_models.history("bob", around=3, limit=2),
        await read_models.get("/membership", user="bob", conversation=GROUP),
        await read_models.get("/sync", user="bob"),
        await read_models.get("/outcome", user="ann", position=position),
        await read_models.get("/progress"),
        await read_models.get("/revocations", since="2000-01-01T00:00:00.000Z"),
    ]


async def test_on_any_server_the_same_log_gives_the_same_answers(
    any_url: str, read_models: ReadModels
) -> None:
    story = _story()
    await read_models.apply(*story)
    async with open_read_models(any_url) as elsewhere:
        await elsewhere.apply(*story)
        assert await _answers(elsewhere) == await _answers(read_models)
        assert (await elsewhere.history("ann"))["items"][0]["text"] == TEXT


async def test_on_any_server_no_statement_is_compiled(server: PlainServer, any_url: str) -> None:
    begun = server.log.stat().st_size
    async with open_read_models(any_url) as read_models:
        await read_models.apply(*_story())
        await _answers(read_models)
        since = (await read_models.get("/sync", user="cat"))["cursor"]
        await read_models.apply(builders.sent(GROUP, "ann", TEXT))
        assert len((await read_models.get("/sync", user="cat", cursor=since))["entries"]) == 1
        await read_models.store.owned([0])
        await read_models.store.unpublished(0, 0, 10)
    log = _since(server.log, begun)
    for statement in STATEMENTS:
        assert _beginning(statement) in log, statement
    assert log.count("JIT:") == 0


STATEMENTS = [
    *(write_sql.FOREIGN_LOG, write_sql.CLAIM, write_sql.OWNED, write_sql.STATES, write_sql.COMMIT),
    *(write_sql.UNPUBLISHED, read_sql.PROGRESS, read_sql.MEMBERSHIP, read_sql.CONVERSATIONS),
    *(read_sql.CONVERSATION, read_sql.HISTORY, read_sql.SYNC, read_sql.OUTCOME, read_sql.REVOCATIONS),
]


def test_every_statement_is_covered() -> None:
    parts = {"PROBE"}
    named = {
        name: value
        for module in (write_sql, read_sql)
        for name, value in vars(module).items()
        if name[0] != "_" and name.isupper() and isinstance(value, str) and name not in parts
    }
    assert set(named.values()) == set(STATEMENTS)


async def test_each_kind_of_session_has_what_it_needs_whatever_the_server_sets(any_url: str) -> None:
    for settings in (sessions.WRITING, sessions.READING, sessions.MIGRATING):
        async with await psycopg.AsyncConnection.connect(any_url, autocommit=True) as connection:
            await sessions.apply(connection, settings)
            for name, value in settings.items():
                row = await (await connection.execute("select current_setting(%s)", (name,))).fetchone()
                if not name.startswith("tcp_"):  # 0 where the connection is none of TCP
                    assert row == (value,), name


async def test_what_the_url_sets_besides_is_kept(database_url: str) -> None:
    """Managed databases and schemas of one's own are reached by `options`."""
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("create schema own")
    url = f"{database_url}?options=-csearch_path%3Down"
    async with open_read_models(url) as read_models:
        await read_models.apply(*_story())
        assert len((await read_models.history("ann"))["items"]) == 5
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select count(*) from own.messages").fetchone()
    assert row == (6,)


def _since(log: Path, begun: int) -> str:
    with log.open("rb") as file:
        file.seek(begun)
        return _plain(file.read().decode(errors="replace"))


def _beginning(statement: str) -> str:
    """Up to its first parameter, which the server shows by number."""
    return _plain(statement).partition("%")[0].strip()


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)
