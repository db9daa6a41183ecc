"""Roles of PostgreSQL with the least rights, beside the owner, who migrates: the projector writes the read
models, the reader reads them, and the tickets role uses the table of redeemed tickets alone.

`migrate` creates the roles that its settings name and sets their rights; repeating it changes nothing. What
the owner may not do, it reports as statements for an administrator.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import conninfo_to_dict

from message_store.storage.sessions import READING, WRITING

TICKETS_TABLE = "redeemed_tickets"


class Purpose(NamedTuple):
    """What one role is for."""

    setting: str
    """The environment variable that names it: the database as the process that uses the role connects."""
    privileges: LiteralString
    uses_tickets: bool
    """Whether these privileges are on the table of the tickets; else on all other tables."""
    parameters: Mapping[str, str]
    """Defaults of its sessions in this database."""


def _limits(session: Mapping[str, str]) -> dict[str, str]:
    """The settings that limit a session: so they hold for one too that does not set them itself."""
    return {name: session[name] for name in ("default_transaction_read_only", "statement_timeout")}


PURPOSES: Mapping[str, Purpose] = {
    "projector": Purpose("PROJECTOR_DATABASE_URL", "select, insert, update", False, _limits(WRITING)),
    "reader": Purpose("READER_DATABASE_URL", "select", False, _limits(READING)),
    "tickets": Purpose(
        "TICKETS_DATABASE_URL",
        "select, insert, delete",
        True,
        {"statement_timeout": READING["statement_timeout"]},
    ),
}


class RoleError(Exception):
    """A role cannot be set up; the message names what to do."""


def tables(migrations: Iterable[bytes]) -> list[str]:
    """Return the tables that these migrations create."""
    created = re.compile(rb"^create (?:unlogged )?table (\w+)", re.MULTILINE)
    return [name.decode() for text in migrations for name in created.findall(text)]


def set_up(connection: Connection[Any], urls: Mapping[str, str], tables: Sequence[str]) -> list[str]:
    """Create the roles of `urls` (by purpose) that do not exist, and give each its rights to `tables`, and no
    others. Return the statements that the owner may not execute. Raises RoleError, psycopg.Error."""
    _require_distinct(urls)
    refused: list[str] = []
    for purpose, url in urls.items():
        for statement in _statements(connection, PURPOSES[purpose], url, tables):
            if not _execute(connection, statement.sql):
                refused.append(statement.text)
    return refused


def _require_distinct(urls: Mapping[str, str]) -> None:
    """Refuse one role for two purposes: the rights of one would be taken away by the other."""
    settings: dict[str, str] = {}
    for purpose, url in urls.items():
        role, setting = str(conninfo_to_dict(url).get("user") or ""), PURPOSES[purpose].setting
        if role in settings:
            raise RoleError(f"{settings[role]} and {setting} name the same role: give each one of its own")
        settings[role] = setting


class _Statement(NamedTuple):
    sql: sql.Composed
    text: str
    """As it may be shown, without a password."""


def _statements(
    connection: Connection[Any], purpose: Purpose, url: str, tables: Sequence[str]
) -> Iterator[_Statement]:
    given = conninfo_to_dict(url)
    role, password = str(given.get("user") or ""), str(given.get("password") or "")
    if not role:
        raise RoleError(f"{purpose.setting} names no user")
    known = connection.execute("select rolsuper from pg_roles where rolname = %s", (role,)).fetchone()
    if known is None:
        yield _create(connection, role, password)
    elif known[0] or connection.execute(_OWNS, (role, list(tables))).fetchone():
        raise RoleError(
            f"{purpose.setting} names {role}, a superuser or an owner of the tables: name a role of its own"
        )
    for part in (*_grants(purpose, role, tables), *_parameters(connection, purpose, role)):
        yield _Statement(part, part.as_string(connection))


_OWNS = """
select from pg_class
where relowner = (select oid from pg_roles where rolname = %s) and relname = any(%s)"""


def _create(connection: Connection[Any], role: str, password: str) -> _Statement:
    """With the password's hash, so that no log of the server has it."""
    statement = sql.SQL("create role {} login").format(sql.Identifier(role))
    text = statement.as_string(connection)
    if not password:
        return _Statement(statement, text)
    hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    return _Statement(statement + sql.SQL(" password {}").format(sql.Literal(hashed)), f"{text} password '…'")


def _grants(purpose: Purpose, role: str, tables: Sequence[str]) -> Iterator[sql.Composed]:
    own = [name for name in tables if (name == TICKETS_TABLE) == purpose.uses_tickets]
    others = [name for name in tables if name not in own]
    to = sql.Identifier(role)
    for names in filter(None, (own, others)):
        yield sql.SQL("revoke all on {} from {}").format(_names(names), to)
    if own:
        yield sql.SQL("grant {} on {} to {}").format(sql.SQL(purpose.privileges), _names(own), to)
    if not purpose.uses_tickets:
        yield sql.SQL("grant select on schema_record to {}").format(to)


def _names(tables: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, tables))


def _parameters(connection: Connection[Any], purpose: Purpose, role: str) -> Iterator[sql.Composed]:
    """Yield what is not set yet: setting a role that another created needs rights over it."""
    row = connection.execute(_PARAMETERS_SET, (role,)).fetchone()
    database = sql.Identifier(connection.info.dbname)
    for name, value in purpose.parameters.items():
        if f"{name}={value}" not in (row[0] if row else ()):
            statement = sql.SQL("alter role {} in database {} set {} = {}")
            yield statement.format(sql.Identifier(role), database, sql.Identifier(name), sql.Literal(value))


_PARAMETERS_SET = """
select setconfig from pg_db_role_setting
where setrole = (select oid from pg_roles where rolname = %s)
  and setdatabase = (select oid from pg_database where datname = current_database())"""


def _execute(connection: Connection[Any], statement: sql.Composed) -> bool:
    """Return whether the owner may; of a role that is missing the rights cannot be granted either."""
    try:
        with connection.transaction():
            connection.execute(statement)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject):
        return False
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        pass  # a migrator of another database of this server created the role just now
    return True
