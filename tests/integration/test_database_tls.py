"""message-store and a real PostgreSQL that takes TLS alone."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from shared.log.topics import TopicSettings, open_log
from tests.fixtures.certificates import Authority
from tests.fixtures.notifier_processes import free_port
from tests.fixtures.platform import TlsServer, fresh_database, tls_server
from tests.fixtures.service_token import SERVICE_TOKEN

ROLES = ("projector", "reader", "tickets")
_CONNECTIONS = """
select a.usename, s.ssl from pg_stat_activity a join pg_stat_ssl s using (pid) where a.datname = %s"""


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[TlsServer]:
    async with tls_server() as server:
        yield server


@dataclass
class Running:
    """A process of message-store."""

    http: httpx.AsyncClient
    process: asyncio.subprocess.Process
    lines: list[dict[str, Any]] = field(default_factory=list)
    """What it logged."""

    async def logs(self, event: str) -> dict[str, Any]:
        """Return the first line of this event, once it is there."""
        async with asyncio.timeout(60):
            while not (found := [line for line in self.lines if line.get("event") == event]):
                assert self.process.returncode is None, self.lines
                await asyncio.sleep(0.05)
        return found[0]

    async def is_ready(self) -> None:
        async with asyncio.timeout(60):
            while True:
                try:
                    if (await self.http.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    assert self.process.returncode is None, self.lines
                await asyncio.sleep(0.05)

    async def read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(_parsed(line.decode()))


def _parsed(line: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(line)
    except ValueError:
        return {"text": line.rstrip()}
    return parsed


@asynccontextmanager
async def _running(command: str, env: Mapping[str, str]) -> AsyncIterator[Running]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "message_store", command),
        env={**os.environ, "SERVICE_TOKEN": SERVICE_TOKEN, **env, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        running = Running(http, process)
        reading = asyncio.create_task(running.read())
        try:
            yield running
        finally:
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.wait(), 20)
            await reading


async def _migrate(env: Mapping[str, str]) -> tuple[int | None, list[dict[str, Any]]]:
    """Return the exit status and what was logged."""
    async with _running("migrate", env) as running, asyncio.timeout(50):
        await running.process.wait()
    return running.process.returncode, running.lines


def _env(url: str, ca_file: Path) -> dict[str, str]:
    return {"DATABASE_URL": url, "DATABASE_CA_FILE": str(ca_file)}


def _as_role(url: str, role: str) -> str:
    address = url.partition("@")[2]
    return f"postgresql://tls_{role}:secret-of-{role}@{address}"


async def test_with_the_right_authority_every_process_works_and_every_connection_is_encrypted(
    server: TlsServer, kafka_bootstrap: str, topic_prefix: str
) -> None:
    kafka = {"KAFKA_BOOTSTRAP": kafka_bootstrap, "TOPIC_PREFIX": topic_prefix}
    await open_log(TopicSettings(kafka_bootstrap=kafka_bootstrap, topic_prefix=topic_prefix, partitions=1))
    with (
        psycopg.connect(server.database, sslmode="require") as admin,
        fresh_database(f"{server.database}?sslmode=require") as encrypted,
    ):
        url = encrypted.partition("?")[0]
        roles = {role: _as_role(url, role) for role in ROLES}
        settings = {f"{role.upper()}_DATABASE_URL": roles[role] for role in ROLES}
        status, lines = await _migrate({**_env(url, server.ca_file), **settings})
        assert status == 0, lines
        reader = {**_env(roles["reader"], server.ca_file), "TICKETS_DATABASE_URL": roles["tickets"]}
        projector = {**_env(roles["projector"], server.ca_file), **kafka}
        async with _running("serve", reader) as serve, _running("project", projector) as project:
            await serve.is_ready()
            await project.is_ready()
            await project.logs("projector.claimed")
            name = url.rpartition("/")[2]
            rows = admin.execute(_CONNECTIONS, (name,)).fetchall()
        assert {user for user, _ in rows} == {f"tls_{role}" for role in ROLES}
        assert all(encrypted for _, encrypted in rows)


def _misdirected(url: str) -> str:
    """The server by a name that is not in its certificate."""
    return url.replace("127.0.0.1", "localhost")


@pytest.mark.parametrize("command", ["migrate", "serve", "project"])
@pytest.mark.parametrize("fault", ["a foreign authority", "another host"])
async def test_a_server_that_does_not_prove_itself_is_refused_with_one_line(
    server: TlsServer, kafka_bootstrap: str, tmp_path: Path, command: str, fault: str
) -> None:
    if fault == "another host":
        env, advice = _env(_misdirected(server.database), server.ca_file), "the host in DATABASE_URL"
    else:
        foreign = Authority(tmp_path / "foreign", "another authority").certificate
        env, advice = _env(server.database, foreign), "DATABASE_CA_FILE must hold"
    if command == "migrate":
        status, (line,) = await _migrate(env)
        assert (status, line["event"]) == (1, "database.not_migrated")
    else:
        async with _running(command, {**env, "KAFKA_BOOTSTRAP": kafka_bootstrap}) as running:
            line = await running.logs("database.refused")
            assert (await running.http.get("/readyz")).status_code == 503
            assert (await running.http.get("/healthz")).status_code == 200, "a restart would not help"
        assert running.process.returncode == 0
        assert not [text for text in running.lines if "Traceback" in str(text)]
    assert advice in line["reason"]
    assert "\n" not in line["reason"]


async def test_without_tls_the_line_names_the_setting(server: TlsServer) -> None:
    async with _running("serve", {"DATABASE_URL": f"{server.database}?sslmode=disable"}) as running:
        assert "DATABASE_CA_FILE" in (await running.logs("database.refused"))["reason"]


async def test_a_wrong_password_is_one_line_too(server: TlsServer) -> None:
    url = _as_role(server.database, "nobody")
    async with _running("serve", _env(url, server.ca_file)) as running:
        assert "user and password in DATABASE_URL" in (await running.logs("database.refused"))["reason"]
