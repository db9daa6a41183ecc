"""The local stack's Kafka and PostgreSQL: their data survive, run by root or by an ordinary user."""

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

import psutil
import psycopg
import pytest

from deploy.local.paths import ROOT
from deploy.local.stack import state
from deploy.local.stack.commands import reset
from deploy.local.stack.daemon import running_stack
from deploy.local.stack.state import Stack
from deploy.local.supervisor.handle import ProcessHandle
from deploy.local.supervisor.process import module
from shared.kafka import TopicReader
from tests.fixtures.platform import eventually

NO_SERVICES = "--no-services"


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="parley-test-"))
    path.chmod(0o711)  # PostgreSQL's user must get through
    yield path
    reset(path)
    shutil.rmtree(path)


async def contents(stack: Stack) -> tuple[bytes | None, list[tuple[int]]]:
    """Wait for the first record of the log and the rows of a table; return them."""
    topic_reader = TopicReader(stack.kafka, "chat.events", client_id="test")
    await topic_reader.start()
    try:
        records = await topic_reader.records_at({0: 0})
    finally:
        await topic_reader.stop()

    def rows() -> list[tuple[int]] | None:
        try:
            with psycopg.connect(stack.database) as connection:
                return connection.execute("SELECT number FROM kept").fetchall()
        except psycopg.OperationalError:
            return None

    return records[0].value, eventually(rows, "a PostgreSQL query succeeds")


def make_topics(stack: Stack) -> None:
    environment = {**os.environ, "KAFKA_BOOTSTRAP": stack.kafka, "PARTITIONS": "1", "TOPIC_PREFIX": ""}
    subprocess.run(module("shared.log.topics"), env=environment, cwd=ROOT, check=True)


async def test_data_survive_a_kill_and_a_restart(folder: Path) -> None:
    with running_stack(folder, NO_SERVICES) as stack:
        make_topics(stack)
        with psycopg.connect(stack.database) as connection:
            connection.execute("CREATE TABLE kept (number int)")
            connection.execute("INSERT INTO kept VALUES (1)")
        before = await contents(stack)
        for process in stack.processes:
            process.signal(signal.SIGKILL)
        assert await contents(stack) == before
    with running_stack(folder, NO_SERVICES) as stack:
        assert await contents(stack) == before


def test_a_killed_supervisor_leaves_neither_kafka_nor_postgresql(folder: Path) -> None:
    with running_stack(folder, NO_SERVICES, "--volatile") as stack:
        server = stack.process("postgres").pid
        workers = psutil.Process(server).children(recursive=True)
        everything = [*stack.processes, *(ProcessHandle.of_pid("worker", worker.pid) for worker in workers)]
        assert len(everything) > 4
        stack.supervisor.signal(signal.SIGKILL)
        eventually(lambda: not any(process.is_running for process in everything), "all have exited")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
def test_files_that_postgresqls_user_cannot_reach_go_to_another_folder_and_a_line_names_it(
    folder: Path,
) -> None:
    folder.chmod(0o700)
    with running_stack(folder, NO_SERVICES, "--volatile", "--kafka=127.0.0.1:1") as stack:
        fallback = (folder / "postgres").resolve()
        assert pwd.getpwuid(fallback.stat().st_uid).pw_name in {"postgres", "nobody"}
        assert f"PostgreSQL keeps its files in {fallback}" in (folder / "parley.log").read_text()
        with psycopg.connect(stack.database) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    others = set(fallback.parent.iterdir()) - {fallback}
    reset(folder)
    assert not fallback.exists()
    assert fallback.parent.exists() == bool(others)


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests run as an ordinary user already")
def test_an_ordinary_user_can_run_it(folder: Path) -> None:
    shutil.chown(folder, "nobody")
    as_nobody = ["setpriv", "--reuid=nobody", f"--regid={pwd.getpwnam('nobody').pw_gid}", "--clear-groups"]
    python = "/usr/bin/python3"  # root's own may be in a private home
    if subprocess.run([*as_nobody, python, "-c", ""], cwd=ROOT, check=False).returncode:
        pytest.skip("nobody cannot enter this checkout")
    packages = [
        sysconfig.get_path("purelib"),
        *(path for path in sys.path if Path(path).is_relative_to(ROOT)),
    ]
    run = subprocess.Popen(
        [
            *as_nobody,
            python,
            "-m",
            "deploy.local",
            "run",
            NO_SERVICES,
            "--kafka=127.0.0.1:1",
            f"--data={folder}",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": ":".join(packages)},
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
    stack = state.load_running(folder)
    return stack.database if stack and stack.ready else None
