"""The disk of PostgreSQL is full: `house(disk=…)`, on a small disk of its own."""

import errno
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg

from tests.faults.fault import Fault
from tests.faults.residents import House

_CHUNK = bytes(1 << 20)


def full_disks() -> Iterator[Fault]:
    yield full_disk()
    yield full_disk(logs=True)


def full_disk(*, logs: bool = False, lasts: float = 6.0) -> Fault:
    """With `logs` for the write-ahead log neither: PostgreSQL panics, and cannot come back."""

    @asynccontextmanager
    async def inflict(house: House) -> AsyncIterator[None]:
        assert house.disk is not None
        ballast = house.disk / "ballast"
        try:
            _fill(ballast)
            if logs:
                await _need_new_logs(house.database)
                _fill(ballast)
            yield
        finally:
            ballast.unlink()

    return Fault("disk", f"no space left for {'the log' if logs else 'rows'}", inflict, lasts)


def _fill(ballast: Path) -> None:
    """Returns when not a byte fits any more."""
    with ballast.open("ab", buffering=0) as file:
        for chunk in (_CHUNK, _CHUNK[:4096], _CHUNK[:1]):
            try:
                while True:
                    file.write(chunk)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


async def _need_new_logs(database: str) -> None:
    """Segments made beforehand are used up; returns when there is none left, and PostgreSQL has given up."""
    with suppress(psycopg.OperationalError):
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            for _ in range(100):
                await connection.execute("select pg_logical_emit_message(false, 'fill', repeat('x', 1000))")
                await connection.execute("select pg_switch_wal()")
        raise TimeoutError("its log still has room")
