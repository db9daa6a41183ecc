"""Whether this code and the database's schema fit together: read at the start and once a minute."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import psycopg
import structlog
from prometheus_client import Gauge
from psycopg import AsyncConnection

from message_store.storage import sessions
from message_store.storage.refusals import refusal

log = structlog.get_logger()

INTERVAL_SECONDS = 60.0
RETRY_SECONDS = 1.0
READ_TIMEOUT_SECONDS = 10.0

_version = Gauge("database_schema_version", "Schema version of the database; 0: none.")
_min_code = Gauge("database_schema_min_code", "The least schema version that a release must know to use it.")
_code = Gauge("database_schema_known", "The newest schema version that this release knows.")


class SchemaRecord(NamedTuple):
    version: int
    """The newest migration that was applied."""
    min_code: int
    """The least code version that can use the database."""


def mismatch(record: SchemaRecord | None, code: int) -> str | None:
    """Return why code whose newest migration is number `code` cannot use the database; None if it can."""
    if record is None:
        return f"the database has no schema of Parley yet, but this release needs version {code}: {_MIGRATE}"
    if record.version < code:
        return f"the database has schema version {record.version}, but this release needs {code}: {_MIGRATE}"
    if record.min_code > code:
        return (
            f"the database has schema version {record.version}, which needs a release with version "
            f"{record.min_code} or later, but this one has {code}: deploy the newer release"
        )
    return None


_MIGRATE = "run `python -m message_store migrate`"


async def read_record(database_url: str) -> SchemaRecord | None:
    """Return the record of a database, None if it has none. Raises psycopg.Error, TimeoutError."""
    async with asyncio.timeout(READ_TIMEOUT_SECONDS):
        connection: AsyncConnection[Any] = await AsyncConnection.connect(
            database_url, autocommit=True, **sessions.CONNECT
        )
        async with connection:
            try:
                rows = await connection.execute("select version, min_code from schema_record")
            except psycopg.errors.UndefinedTable:
                return None
            row = await rows.fetchone()
            return SchemaRecord(*row) if row else None


class SchemaWatch:
    def __init__(self, read: Callable[[], Awaitable[SchemaRecord | None]], code: int) -> None:
        """`read` raises psycopg.Error, TimeoutError; `code` is the newest migration that it knows."""
        self.fault: str | None = "the schema of the database has not been read yet"
        """Why this process is not ready; None once the schema was right."""
        self._read = read
        self._code = code
        _code.set(code)
        self._usable = asyncio.Event()
        self._is_away_logged = False
        self._logged_refusal: str | None = None

    async def usable(self) -> None:
        """Wait until the schema is right."""
        await self._usable.wait()

    async def run(self) -> None:
        """Read until cancelled. While the database does not answer, the last result stands."""
        while True:
            answered = await self._check()
            await asyncio.sleep(INTERVAL_SECONDS if answered and self.fault is None else RETRY_SECONDS)

    async def _check(self) -> bool:
        """Return whether the database answered."""
        try:
            record = await self._read()
            _version.set(record.version if record else 0)
            _min_code.set(record.min_code if record else 0)
            self._set_fault(mismatch(record, self._code))
        except (psycopg.OperationalError, TimeoutError) as error:
            self._log_away(error)
            return False
        except psycopg.Error as error:
            self._set_fault(f"the schema of the database cannot be read: {str(error).splitlines()[0]}")
        return True

    def _log_away(self, error: psycopg.OperationalError | TimeoutError) -> None:
        reason = refusal(error) if isinstance(error, psycopg.OperationalError) else None
        if reason is not None and reason != self._logged_refusal:
            log.error("database.refused", reason=reason)
        elif not self._is_away_logged:
            log.warning("schema.waiting", reason=str(error) or "the database did not answer in time")
        self._logged_refusal, self._is_away_logged = reason, True

    def _set_fault(self, fault: str | None) -> None:
        self._logged_refusal, self._is_away_logged = None, False
        if fault is None:
            self._usable.set()
        elif fault != self.fault:
            log.error("schema.unusable", reason=fault)
        self.fault = fault
