"""Migrating databases to this release's schema: killed anywhere, concurrently, and from earlier releases."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from message_store.storage.migrate import Unusable, migrate, migrations, newest
from message_store.storage.schema import read_record

NAMES = [migration.name for migration in migrations()]
STEPS = ("locked", "changed", "recorded", "committed")
KILLED_AT = [
    "migrate.adopted:1",
    *(f"migrate.{step}:{n}" for n in range(1, len(NAMES) + 1) for step in STEPS),
]

# What yoyo-migrations, which release 0.1.0 used, makes before the first migration.
YOYO: LiteralString = """
create table _yoyo_migration (migration_hash varchar(64) primary key, migration_id varchar(255),
                              applied_at_utc timestamp);
create table _yoyo_log (id varchar(36) primary key, migration_hash varchar(64), migration_id varchar(255),
                        operation varchar(10), username varchar(255), hostname varchar(255),
                        comment varchar(255), created_at_utc timestamp);
create table _yoyo_version (version int primary key, installed_at_utc timestamp);
create table yoyo_lock (locked int default 1 primary key, ctime timestamp, pid int not null);
"""
KEPT: LiteralString = "insert into progress values (3, 12, 'epoch', 7, 'last', 7, null)"

_SHAPE = """
select table_name, column_name, data_type, is_nullable, column_default, null
from information_schema.columns where table_schema = 'public' and table_name !~ 'yoyo'
union all
select tablename, indexname, indexdef, null, null, null from pg_indexes
where schemaname = 'public' and tablename !~ 'yoyo'
union all
select 'schema_record', null, null, null, version::text, min_code::text from schema_record
order by 1, 2, 3
"""


def _shape(url: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(_SHAPE).fetchall()


@pytest.fixture(scope="module")
def whole(postgres_admin_url: str) -> list[Any]:
    """The schema of a database that was migrated without interruption."""
    from tests.fixtures.platform import fresh_database

    with fresh_database(postgres_admin_url) as url:
        assert migrate(url) == NAMES
        return _shape(url)


@pytest.mark.parametrize("place", KILLED_AT)
def test_killed_at_any_step_and_run_again_it_is_done(database_url: str, whole: list[Any], place: str) -> None:
    killed = _migrating(database_url, FAILPOINT=place)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    migrate(database_url)
    assert _shape(database_url) == whole
    assert migrate(database_url) == []


def test_of_several_at_once_each_migration_is_applied_by_one(database_url: str, whole: list[Any]) -> None:
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(migrate, [database_url] * 4))
    assert sorted(name for names in applied for name in names) == NAMES
    assert _shape(database_url) == whole


@pytest.mark.parametrize(
    ("applied", "recorded"),
    [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2)],
    ids=["nothing yet", "first not recorded", "first", "second not recorded", "all of it"],
)
def test_a_database_of_release_0_1_0_is_recognised_and_migrated(
    database_url: str, whole: list[Any], applied: int, recorded: int
) -> None:
    """yoyo recorded a migration after committing it: killed in between, it could not continue."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(YOYO)
        connection.execute("insert into yoyo_lock values (1, now(), 7)")
        for migration in migrations()[:applied]:
            connection.execute(migration.sql)
        for migration in migrations()[:recorded]:
            values = (str(migration.version), migration.name)
            connection.execute("insert into _yoyo_migration values (%s, %s, now())", values)
        if applied:
            connection.execute(KEPT)
    assert migrate(database_url) == NAMES[applied:]
    assert _shape(database_url) == whole
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("select partition, next_offset from progress").fetchall()
    assert rows == ([(3, 7)] if applied else [])


def test_a_user_without_a_name_can_migrate(database_url: str, tmp_path: Path) -> None:
    """Containers run under user ids without an entry in passwd."""
    nameless = "import pwd\ndef unknown(uid):\n    raise KeyError(uid)\npwd.getpwuid = unknown\n"
    (tmp_path / "sitecustomize.py").write_text(nameless)
    done = _command(database_url, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert migrate(database_url) == []


def test_a_newer_schema_is_left_alone_and_one_that_needs_newer_code_is_refused(database_url: str) -> None:
    migrate(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update schema_record set version = 99")
        assert migrate(database_url) == []
        connection.execute("update schema_record set min_code = 50")
        with pytest.raises(Unusable, match=f"needs a release with version 50 or later.* has {newest()}"):
            migrate(database_url)
        row = connection.execute("select version, min_code from schema_record").fetchone()
    assert row == (99, 50)


def test_what_cannot_be_migrated_is_reported_in_one_line(postgres_admin_url: str) -> None:
    """A database whose encoding cannot hold every text would dead-letter valid messages."""
    with psycopg.connect(postgres_admin_url, autocommit=True) as admin:
        name = sql.Identifier(f"narrow_{os.getpid()}")
        how = sql.SQL("create database {} encoding 'LATIN1' locale 'C' template template0")
        admin.execute(how.format(name))
        try:
            url = postgres_admin_url.rpartition("/")[0] + f"/narrow_{os.getpid()}"
            done = _command(url)
        finally:
            admin.execute(sql.SQL("drop database {} with (force)").format(name))
    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert "encoding LATIN1" in json.loads(line)["reason"]
    assert done.stderr == ""


async def test_the_record_is_there_once_a_database_was_migrated(database_url: str) -> None:
    assert await read_record(database_url) is None
    await asyncio.to_thread(migrate, database_url)
    assert await read_record(database_url) == (newest(), 1)


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [migration.version for migration in migrations()] == list(range(1, newest() + 1))


def _migrating(url: str, **env: str) -> subprocess.CompletedProcess[str]:
    code = f"from message_store.storage.migrate import migrate; migrate({url!r})"
    return _run([sys.executable, "-c", code], env)


def _command(url: str, **env: str) -> subprocess.CompletedProcess[str]:
    """As operators run it."""
    return _run([sys.executable, "-m", "message_store", "migrate"], {"DATABASE_URL": url, **env})


def _run(command: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    nameless = {key: value for key, value in os.environ.items() if key not in ("LOGNAME", "USER")}
    return subprocess.run(
        command, env={**nameless, **env}, capture_output=True, text=True, timeout=60, check=False
    )
