"""The local platform's Kafka and PostgreSQL: what they hold survives, whoever runs them."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.local import identity, record
from deploy.local.background import reset, running
from deploy.local.process import ROOT, module
from deploy.local.record import Stack
from shared.kafka import Inspector
from tests.platform import eventually

PLATFORM = "--no-services"


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="parley-test-"))
    path.chmod(0o711)  # PostgreSQL's user must get through
    yield path
    reset(path)
    shutil.rmtree(path)


async def contents(stack: Stack) -> tuple[bytes | None, list[tuple[int]]]:
    """The first record of the log, and the rows of a table, both waited for."""
    inspector = Inspector(stack.kafka, "chat.events", client_id="test")
    await inspector.start()
    try:
        records = await inspector.records_at({0: 0})
    finally:
        await inspector.stop()

    def rows() -> list[tuple[int]] | None:
        try:
            with psycopg.connect(stack.database) as connection:
                return connection.execute("SELECT number FROM kept").fetchall()
        except psycopg.OperationalError:
            return None

    return records[0].value, eventually(rows, "PostgreSQL answers")


def make_topics(stack: Stack) -> None:
    environment = {**os.environ, "KAFKA_BOOTSTRAP": stack.kafka, "PARTITIONS": "1", "TOPIC_PREFIX": ""}
    subprocess.run(module("shared.log.topics"), env=environment, cwd=ROOT, check=True)


async def test_data_survive_a_kill_and_a_restart(folder: Path) -> None:
    with running(folder, PLATFORM) as stack:
        make_topics(stack)
        with psycopg.connect(stack.database) as connection:
            connection.execute("CREATE TABLE kept (number int)")
            connection.execute("INSERT INTO kept VALUES (1)")
        before = await contents(stack)
        for process in stack.processes:
            process.signal(signal.SIGKILL)
        assert await contents(stack) == before
    with running(folder, PLATFORM) as stack:
        assert await contents(stack) == before


def test_a_killed_supervisor_leaves_neither_kafka_nor_postgresql(folder: Path) -> None:
    with running(folder, PLATFORM, "--volatile") as stack:
        server = stack.process("postgres").pid
        workers = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        everything = [*stack.processes, *(identity.running("worker", int(pid)) for pid in workers)]
        assert len(everything) > 4
        stack.supervisor.signal(signal.SIGKILL)
        eventually(lambda: not any(process.alive for process in everything), "all are gone")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_where_postgresqls_user_cannot_get_its_files_go_elsewhere_and_a_line_says_where(folder: Path) -> None:
    folder.chmod(0o700)
    with running(folder, PLATFORM, "--volatile", "--kafka=127.0.0.1:1") as stack:
        elsewhere = (folder / "postgres").resolve()
        assert pwd.getpwuid(elsewhere.stat().st_uid).pw_name in {"postgres", "nobody"}
        assert f"PostgreSQL keeps its files in {elsewhere}" in (folder / "parley.log").read_text()
        with psycopg.connect(stack.database) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    others = set(elsewhere.parent.iterdir()) - {elsewhere}
    reset(folder)
    assert not elsewhere.exists()
    assert elsewhere.parent.exists() == bool(others)


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever runs this is an ordinary user already")
def test_an_ordinary_user_runs_it_too(folder: Path) -> None:
    shutil.chown(folder, "nobody")
    as_nobody = ["setpriv", "--reuid=nobody", f"--regid={pwd.getpwnam('nobody').pw_gid}", "--clear-groups"]
    python = "/usr/bin/python3"  # root's own may lie in a closed home
    if subprocess.run([*as_nobody, python, "-c", ""], cwd=ROOT, check=False).returncode:
        pytest.skip("nobody cannot enter this checkout")
    ours = [sysconfig.get_path("purelib"), *(path for path in sys.path if Path(path).is_relative_to(ROOT))]
    run = subprocess.Popen(
        [
            *as_nobody,
            python,
            "-m",
            "deploy.local",
            "run",
            PLATFORM,
            "--kafka=127.0.0.1:1",
            f"--data={folder}",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": ":".join(ours)},
    )
    try:
        url = eventually(lambda: ready_database(folder), "PostgreSQL is ready")
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert (folder / "postgres" / "data").owner() == "nobody"
    finally:
        run.terminate()
        assert run.wait(30) == 0


def ready_database(folder: Path) -> str | None:
    stack = record.read_running(folder)
    return stack.database if stack and stack.ready else None
