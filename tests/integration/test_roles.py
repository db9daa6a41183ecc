"""The roles that `migrate` sets up, tried on a real PostgreSQL: each can do its work and nothing else."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, LiteralString
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from message_store.query_api import queries
from message_store.storage.migrate import migrate
from message_store.storage.postgres import PostgresStore
from message_store.storage.roles import RoleError
from message_store.storage.sessions import READING
from shared.log.log_epoch import LogIdentity

PURPOSES = ("projector", "reader", "tickets")
TABLES = ("conversations", "members", "messages", "journal", "journal_personal", "progress")
Urls = dict[str, str]


def _with_user(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}").geturl()


def _drop_roles(admin_url: str, database: str, names: list[str]) -> None:
    with psycopg.connect(database, autocommit=True) as inside:
        for name in names:
            inside.execute(sql.SQL("drop owned by {} cascade").format(sql.Identifier(name)))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for name in names:
            admin.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(name)))


@pytest.fixture
def urls(database_url: str, postgres_admin_url: str) -> Iterator[Urls]:
    """URLs of roles of this test alone, which do not exist yet."""
    own = {purpose: f"{purpose}_{secrets.token_hex(4)}" for purpose in PURPOSES}
    yield {purpose: _with_user(database_url, name, f"pw-of-{name}") for purpose, name in own.items()}
    with psycopg.connect(postgres_admin_url) as admin:
        rows = admin.execute("select rolname from pg_roles where rolname = any(%s)", (list(own.values()),))
        existing = [name for (name,) in rows]
    _drop_roles(postgres_admin_url, database_url, existing)


@pytest.fixture
def migrated(database_url: str, urls: Urls) -> Urls:
    migrate(database_url, role_urls=urls)
    return urls


def _execute(url: str, statement: LiteralString) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(statement)
        return rows.fetchall() if rows.description else []


async def test_each_service_works_with_its_role(migrated: Urls) -> None:
    log = LogIdentity("0011223344556677", 2)
    store = PostgresStore(migrated["projector"])
    try:
        await store.claim(log, [0, 1])
        assert set(await store.owned([0, 1])) == {0, 1}
    finally:
        await store.close()
    async with queries.open_queries(migrated["reader"], 2) as opened:
        assert (await opened.progress()).epoch == log.epoch
        membership = await opened.membership("ann", str(uuid4()))
        assert not membership.is_member


@pytest.mark.parametrize(
    "statement",
    [
        "insert into progress values (9, 9, 'e', 0, null, 0, null)",
        "update progress set next_offset = 9",
        "delete from messages",
        "truncate messages",
        "create table mine (id int)",
        "drop table messages",
        "update schema_record set version = 9",
        "select pg_read_file('/etc/passwd')",
        "copy messages to program 'cat'",
    ],
)
@pytest.mark.parametrize("mode", ["read only", "read write"])
def test_the_reader_cannot_write_even_when_its_session_may(
    migrated: Urls, statement: LiteralString, mode: str
) -> None:
    with psycopg.connect(migrated["reader"], autocommit=True) as reader:
        value = "on" if mode == "read only" else "off"
        reader.execute("select set_config('default_transaction_read_only', %s, false)", (value,))
        refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
        with pytest.raises(refused[:1] if mode == "read write" else refused):
            reader.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "drop table messages",
        "alter table messages add column more text",
        "truncate messages",
        "delete from journal",
        "create table mine (id int)",
        "create index mine on messages (id)",
        "update schema_record set version = 9",
        "alter table messages owner to current_user",
        "create role another",
    ],
)
def test_the_projector_cannot_change_the_schema_or_delete(migrated: Urls, statement: LiteralString) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidGrantOperation)):
        _execute(migrated["projector"], statement)


def test_the_role_of_the_tickets_uses_their_table_and_no_other(migrated: Urls) -> None:
    redeem = "insert into redeemed_tickets (id, expires_at) values (gen_random_uuid(), now())"
    _execute(migrated["tickets"], redeem)
    _execute(migrated["tickets"], "delete from redeemed_tickets where expires_at <= now()")
    assert _execute(migrated["tickets"], "select count(*) from redeemed_tickets") == [(0,)]
    forbidden: list[tuple[str, LiteralString]] = [
        ("tickets", "select count(*) from messages"),
        ("tickets", "select count(*) from schema_record"),
        ("tickets", "update redeemed_tickets set expires_at = now()"),
        ("tickets", "truncate redeemed_tickets"),
        ("tickets", "drop table redeemed_tickets"),
        ("reader", "select count(*) from redeemed_tickets"),
        ("projector", "select count(*) from redeemed_tickets"),
        ("projector", redeem),
    ]
    for role, statement in forbidden:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            _execute(migrated[role], statement)


def test_sessions_of_the_reader_only_read_and_end_slow_statements_by_themselves(migrated: Urls) -> None:
    assert _execute(migrated["reader"], "show default_transaction_read_only") == [("on",)]
    assert _execute(migrated["reader"], "show statement_timeout") == [(READING["statement_timeout"],)]


def test_a_read_that_is_too_slow_is_cancelled(migrated: Urls) -> None:
    began = time.monotonic()
    with pytest.raises(psycopg.errors.QueryCanceled):
        _execute(migrated["reader"], "select pg_sleep(60)")
    assert time.monotonic() - began < 50


def test_migrating_again_changes_nothing_and_keeps_a_password_that_was_changed(
    database_url: str, postgres_admin_url: str, migrated: Urls
) -> None:
    name = str(urlsplit(migrated["reader"]).username)
    with psycopg.connect(postgres_admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("alter role {} password 'renewed'").format(sql.Identifier(name)))
    assert migrate(database_url, role_urls=migrated) == []
    assert _execute(_with_user(database_url, name, "renewed"), "select count(*) from messages") == [(0,)]


def test_migrators_that_start_together_set_the_roles_up_once(database_url: str, urls: Urls) -> None:
    async def together() -> None:
        await asyncio.gather(*(asyncio.to_thread(migrate, database_url, role_urls=urls) for _ in range(4)))

    asyncio.run(together())
    assert _execute(urls["reader"], "select count(*) from messages") == [(0,)]


@pytest.fixture
def owner_url(database_url: str, postgres_admin_url: str) -> Iterator[str]:
    """The database as a role that owns it, and may not create roles."""
    name = f"owner_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} login password 'owner'").format(sql.Identifier(name)))
        database = urlsplit(database_url).path[1:]
        statement = sql.SQL("alter database {} owner to {}")
        admin.execute(statement.format(sql.Identifier(database), sql.Identifier(name)))
    yield _with_user(database_url, name, "owner")
    with psycopg.connect(postgres_admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("alter database {} owner to current_user").format(sql.Identifier(database)))
    _drop_roles(postgres_admin_url, database_url, [name])


def test_an_owner_that_may_not_create_roles_names_the_statements_for_an_administrator(
    database_url: str, owner_url: str, urls: Urls
) -> None:
    environment = {
        "DATABASE_URL": owner_url,
        "PROJECTOR_DATABASE_URL": urls["projector"],
        "READER_DATABASE_URL": urls["reader"],
    }
    refused = _migrate(environment)
    assert refused.returncode == 1
    assert "pw-of-" not in refused.stdout
    reason = json.loads(refused.stdout.splitlines()[-1])["reason"]
    with psycopg.connect(database_url, autocommit=True) as admin:
        for statement in reason.split("let an administrator run ")[1].split("; "):
            admin.execute(statement.replace(" password '…'", "").encode())
    done = _migrate(environment)
    assert done.returncode == 0, done.stdout
    with psycopg.connect(database_url, autocommit=True) as admin:
        reader = sql.Identifier(str(urlsplit(urls["reader"]).username))
        admin.execute(sql.SQL("set role {}").format(reader))
        admin.execute("select count(*) from messages")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute("delete from messages")


def _migrate(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "message_store", "migrate"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_owner_itself_is_no_role_for_a_service(database_url: str) -> None:
    with pytest.raises(RoleError, match=r"READER_DATABASE_URL names .*: name a role of its own"):
        migrate(database_url, role_urls={"reader": database_url})


def test_two_purposes_have_roles_of_their_own(database_url: str, urls: Urls) -> None:
    same = {"projector": urls["projector"], "reader": urls["projector"]}
    with pytest.raises(RoleError, match="PROJECTOR_DATABASE_URL and READER_DATABASE_URL name the same role"):
        migrate(database_url, role_urls=same)


def test_without_roles_one_role_does_everything(database_url: str) -> None:
    done = _migrate({"DATABASE_URL": database_url})
    assert done.returncode == 0
    assert _execute(database_url, "select count(*) from messages") == [(0,)]
