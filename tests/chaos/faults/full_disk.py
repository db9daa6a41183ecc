"""The disk of PostgreSQL is full: `start_cluster(disk=…)`, on a small disk of its own."""

import errno
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg

from tests.chaos.cluster.processes import Cluster
from tests.chaos.faults.fault import Fault

_CHUNK = bytes(1 << 20)


def full_disks() -> Iterator[Fault]:
    yield full_disk()
    yield full_disk(logs=True)


def full_disk(*, logs: bool = False, lasts: float = 6.0) -> Fault:
    """With `logs` for the write-ahead log neither: PostgreSQL panics, and cannot come back."""

    @asynccontextmanager
    async def inject(cluster: Cluster) -> AsyncIterator[None]:
        assert cluster.disk is not None
        ballast = cluster.disk / "ballast"
        try:
            if logs:
                _fill(ballast)
                await _need_new_logs(cluster.database)
                _fill(ballast)
                yield
            else:
                async with cluster.hearing("projector", "No space left on device"):
                    _fill(ballast)
                    yield
        finally:
            ballast.unlink()

    return Fault("disk", f"no space left for {'the log' if logs else 'rows'}", inject, lasts)


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
    """Segments made beforehand are used up; returns when there is none left, and PostgreSQL has given up.
    Raises psycopg.OperationalError when it refuses for another reason, TimeoutError when it goes on."""
    try:
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            for _ in range(100):
                await connection.execute("select pg_logical_emit_message(false, 'fill', repeat('x', 1000))")
                await connection.execute("select pg_switch_wal()")
    except psycopg.OperationalError as error:
        if _gone(error):
            return
        raise
    raise TimeoutError("its log still has room")


def _gone(error: psycopg.Error) -> bool:
    """It panicked, perhaps without a word; or it goes down, or lets nobody in yet (SQLSTATE 57P)."""
    panicked = error.diag.severity_nonlocalized == "PANIC"
    return panicked or error.sqlstate is None or error.sqlstate.startswith("57P")
