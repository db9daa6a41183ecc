"""Which code goes with which schema."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psycopg
import pytest

from message_store.storage import schema
from message_store.storage.schema import SchemaRecord, SchemaWatch, mismatch

CODE = 5


@pytest.mark.parametrize("record", [SchemaRecord(5, 1), SchemaRecord(5, 5), SchemaRecord(9, 5)])
def test_a_schema_that_has_what_the_code_needs_and_needs_no_newer_code_is_right(record: SchemaRecord) -> None:
    assert mismatch(record, CODE) is None


@pytest.mark.parametrize(
    ("record", "advice"),
    [
        (None, "run `python -m message_store migrate`"),
        (SchemaRecord(4, 1), "run `python -m message_store migrate`"),
        (SchemaRecord(6, 6), "deploy the newer release"),
    ],
)
def test_any_other_is_refused_in_one_line_with_the_remedy(record: SchemaRecord | None, advice: str) -> None:
    reason = mismatch(record, CODE)
    assert reason is not None
    assert advice in reason
    assert "\n" not in reason


@dataclass
class Database:
    """Answers with a record, or with an error."""

    answer: SchemaRecord | psycopg.Error | None = None
    reads: int = 0

    async def read(self) -> SchemaRecord | None:
        self.reads += 1
        if isinstance(self.answer, psycopg.Error):
            raise self.answer
        return self.answer

    async def was_read(self) -> None:
        """Returns once what is the answer now was taken."""
        async with asyncio.timeout(10):
            reads = self.reads
            while self.reads < reads + 2:
                await asyncio.sleep(0)


@pytest.fixture
async def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(schema, "INTERVAL_SECONDS", 0)
    monkeypatch.setattr(schema, "RETRY_SECONDS", 0)
    return Database()


@asynccontextmanager
async def _watching(database: Database) -> AsyncIterator[SchemaWatch]:
    watch = SchemaWatch(database.read, CODE)
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_process_is_not_ready_before_the_schema_was_seen_to_be_right(database: Database) -> None:
    database.answer = psycopg.OperationalError("away")
    async with _watching(database) as watch:
        for answer in (psycopg.OperationalError("away"), None, SchemaRecord(4, 1)):
            database.answer = answer
            await database.was_read()
            assert watch.fault is not None
        database.answer = SchemaRecord(5, 1)
        await asyncio.wait_for(watch.usable(), 10)
        assert watch.fault is None


async def test_a_database_that_is_away_changes_nothing(database: Database) -> None:
    database.answer = SchemaRecord(5, 1)
    async with _watching(database) as watch:
        await watch.usable()
        database.answer = psycopg.OperationalError("away")
        await database.was_read()
        assert watch.fault is None


async def test_a_database_that_stays_away_is_logged_once(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    database.answer = psycopg.OperationalError("password authentication failed")
    async with _watching(database):
        for _ in range(3):
            await database.was_read()
    assert capsys.readouterr().out.count("password authentication failed") == 1


async def test_a_schema_that_needs_newer_code_is_seen_while_running_and_reported_once(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    database.answer = SchemaRecord(5, 1)
    async with _watching(database) as watch:
        await watch.usable()
        database.answer = SchemaRecord(6, 1)
        await database.was_read()
        assert watch.fault is None, "what only adds is no reason"
        database.answer = SchemaRecord(6, 6)
        await database.was_read()
        await database.was_read()
        assert "deploy the newer release" in (watch.fault or "")
    assert capsys.readouterr().out.count("schema.unusable") == 1


async def test_a_record_that_may_not_be_read_is_a_reason(database: Database) -> None:
    database.answer = psycopg.errors.InsufficientPrivilege("permission denied for table schema_record")
    async with _watching(database) as watch:
        await database.was_read()
        assert "permission denied" in (watch.fault or "")
