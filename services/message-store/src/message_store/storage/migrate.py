"""Migrate the database to the schema that this release needs: numbered SQL files, each applied once.

A migration and its record are one transaction, and an advisory lock admits one migrator at a time: a migrator
may be killed anywhere, and several may start together. With a first line `-- min_code: N`, code older than N
cannot use the database any more; a migration without it only adds, and leaves `min_code` as it was.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import structlog
from psycopg import Connection

from message_store.storage import roles, sessions
from message_store.storage.refusals import refusal, untrusted
from message_store.storage.schema import SchemaRecord, mismatch
from shared.runtime.failpoints import failpoint

log = structlog.get_logger()

LOCK = 0x7061726C6579  # "parley"; advisory locks are per database
LOCK_TIMEOUT = "set local lock_timeout = '10s'"
"""How long a migration may wait for a table: all new statements on it wait behind."""

_CREATE = """
create table schema_record (
    single   bool primary key default true check (single),
    version  int  not null,   -- the newest migration that was applied
    min_code int  not null    -- code that knows no migration from this number on cannot use the database
)"""
_ADOPT = "insert into schema_record (version, min_code) values (%s, 1)"
_RECORD = "update schema_record set version = %s, min_code = coalesce(%s, min_code)"

LAST_RELATION_OF = {1: "journal_personal", 2: "journal_of_conversation"}
"""The relation that each migration of release 0.1.0 created last. That release recorded migrations in tables
of yoyo-migrations, each in a transaction after the migration's own: a crash in between left the change
without its record."""


class Unusable(Exception):
    """The database cannot be migrated; the message names what to do."""


class Migration(NamedTuple):
    version: int
    name: str
    sql: bytes

    @property
    def min_code(self) -> int | None:
        header = re.match(rb"-- min_code: (\d+)\n", self.sql)
        return int(header[1]) if header else None


def migrations() -> list[Migration]:
    """Return all migrations of this release in order, from number 1 on."""
    files = sorted(_folder().glob("[0-9]*.sql"))
    return [Migration(int(file.name.partition(".")[0]), file.stem, file.read_bytes()) for file in files]


def newest() -> int:
    """Return the number of the newest migration that this code knows: the schema that it needs."""
    return migrations()[-1].version


def migrate(
    database_url: str, patience: float = 60.0, role_urls: Mapping[str, str] | None = None
) -> list[str]:
    """Apply the missing migrations, then set up the roles of `role_urls` (by purpose); return the names of
    the migrations. Waits up to `patience` seconds for the database, but not for a certificate that is not
    trusted. Safe to repeat, also after a kill and beside other migrators. Raises psycopg.Error, Unusable,
    RoleError."""
    with _session(database_url, patience) as connection:
        _check_encoding(connection)
        applied = [migration.name for migration in migrations() if _apply(connection, migration, newest())]
        if role_urls:
            _set_up_roles(connection, role_urls)
        return applied


def _set_up_roles(connection: Connection[Any], urls: Mapping[str, str]) -> None:
    tables = roles.tables(migration.sql for migration in migrations())
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        refused = roles.set_up(connection, urls, tables)
    if refused:
        raise roles.RoleError(
            f"the owner may not set up the roles: let an administrator run {'; '.join(refused)}"
        )


def _apply(connection: Connection[Any], migration: Migration, code: int) -> bool:
    """Apply the migration if it is missing; return whether it was."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        failpoint("migrate.locked")
        record = _record(connection)
        if record.min_code > code:
            raise Unusable(str(mismatch(record, code)))
        if record.version >= migration.version:
            return False
        connection.execute(LOCK_TIMEOUT)
        connection.execute(migration.sql)
        failpoint("migrate.changed")
        connection.execute(_RECORD, (migration.version, migration.min_code))
        failpoint("migrate.recorded")
    failpoint("migrate.committed")
    return True


def _record(connection: Connection[Any]) -> SchemaRecord:
    """Return the schema record; create it, if there is none, from what release 0.1.0 left."""
    if not _exists(connection, "schema_record"):
        connection.execute(_CREATE)
        connection.execute(_ADOPT, (_adopted(connection),))
        failpoint("migrate.adopted")
    row = connection.execute("select version, min_code from schema_record").fetchone()
    if row is None:
        raise Unusable("table schema_record is empty: restore the database, or give Parley a new one")
    return SchemaRecord(*row)


def _adopted(connection: Connection[Any]) -> int:
    """Return the newest migration that release 0.1.0 applied, recorded or not."""
    done = {version for version, relation in LAST_RELATION_OF.items() if _exists(connection, relation)}
    if _exists(connection, "_yoyo_migration"):
        recorded = connection.execute("select migration_id from _yoyo_migration").fetchall()
        done |= {int(name.partition(".")[0]) for (name,) in recorded}
    return max(done, default=0)


def _exists(connection: Connection[Any], relation: str) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", (relation,)).fetchone()
    return bool(row and row[0])


def _check_encoding(connection: Connection[Any]) -> None:
    """Require UTF8: in another encoding some texts could not be written and would count as poison."""
    row = connection.execute("select getdatabaseencoding()").fetchone()
    if row and row[0] != "UTF8":
        raise Unusable(
            f"the database has the encoding {row[0]}, but texts need UTF8: give Parley one created by "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )


@contextmanager
def _session(database_url: str, patience: float) -> Iterator[Connection[Any]]:
    deadline, waiting = time.monotonic() + patience, False
    while True:
        try:
            connection = psycopg.connect(database_url, autocommit=True, **sessions.CONNECT)
        except psycopg.OperationalError as error:
            if reason := untrusted(error):
                raise Unusable(reason) from None
            if time.monotonic() > deadline:
                raise Unusable(refusal(error) or str(error)) from None
            if not waiting:
                log.warning("database.waiting", reason=refusal(error) or str(error), seconds=patience)
            waiting = True
            time.sleep(0.2)
        else:
            break
    with connection:
        connection.execute(sessions.APPLY, sessions.parameters(sessions.MIGRATING))
        yield connection


def _folder() -> Path:
    """Return the folder beside the code when installed, beside `src/` in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"
