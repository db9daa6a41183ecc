"""PostgreSQL's disk is full; needs a cluster with a small disk of its own: `start_cluster(disk=…)`."""

import errno
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg

from tests.chaos.cluster.cluster import Cluster
from tests.chaos.faults.fault import Fault

_CHUNK = bytes(1 << 20)


def full_disks() -> Iterator[Fault]:
    yield full_disk()
    yield full_disk(wal=True)


def full_disk(*, wal: bool = False, duration: float = 6.0) -> Fault:
    """With `wal` there is no space for the write-ahead log either: PostgreSQL panics and cannot restart."""

    async def steps(cluster: Cluster) -> AsyncIterator[None]:
        assert cluster.disk is not None
        ballast = cluster.disk / "ballast"
        try:
            if wal:
                _fill(ballast)
                await _use_up_wal(cluster.database)
                _fill(ballast)
                yield
            else:
                async with cluster.expect_log_line("projector", "No space left on device"):
                    _fill(ballast)
                    yield
        finally:
            ballast.unlink()

    return Fault("disk", f"no space left for {'the log' if wal else 'rows'}", steps, duration)


def _fill(ballast: Path) -> None:
    """Write until not one more byte fits."""
    with ballast.open("ab", buffering=0) as file:
        for chunk in (_CHUNK, _CHUNK[:4096], _CHUNK[:1]):
            try:
                while True:
                    file.write(chunk)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


async def _use_up_wal(database: str) -> None:
    """Use up the WAL segments made beforehand; return when PostgreSQL has given up.

    Raises psycopg.OperationalError for any other refusal, TimeoutError when PostgreSQL goes on.
    """
    try:
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            for _ in range(100):
                await connection.execute("select pg_logical_emit_message(false, 'fill', repeat('x', 1000))")
                await connection.execute("select pg_switch_wal()")
    except psycopg.OperationalError as error:
        if _is_shutdown(error):
            return
        raise
    raise TimeoutError("the write-ahead log still has space")


def _is_shutdown(error: psycopg.Error) -> bool:
    """Whether PostgreSQL panicked (perhaps silently), shuts down or refuses logins (SQLSTATE 57P)."""
    panicked = error.diag.severity_nonlocalized == "PANIC"
    return panicked or error.sqlstate is None or error.sqlstate.startswith("57P")
