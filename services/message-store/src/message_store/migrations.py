"""Bringing the database to the shape this release needs: numbered SQL files, each applied once.

yoyo takes a lock in the database, so several starters are safe beside one another.
"""

import re
import time
from pathlib import Path

import psycopg
import structlog
from yoyo import get_backend, read_migrations

log = structlog.get_logger()


def migrate(database_url: str, patience: float = 60.0) -> list[str]:
    """Apply what is missing; returns the names applied. Waits up to `patience` seconds for the database.
    Raises psycopg.Error."""
    _await(database_url, patience)
    backend = get_backend(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", database_url))
    try:
        with backend.lock():
            missing = backend.to_apply(read_migrations(str(_folder())))
            names = [migration.id for migration in missing]
            backend.apply_migrations(missing)
    finally:
        backend.connection.close()
    return names


def _await(database_url: str, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            psycopg.connect(database_url, connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _folder() -> Path:
    """Beside the code when installed, beside `src/` in a checkout."""
    installed = Path(__file__).parent / "migrations"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "migrations"
