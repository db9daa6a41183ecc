"""Files that a process has read once, and that change while it runs."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.runtime import changed_files
from shared.runtime.service_settings import CallerSettings, ServedSettings
from shared.runtime.settings import KafkaSettings
from tests.fixtures.certificates import Authority
from tests.fixtures.service_token import SERVICE_TOKEN

Lines = list[MutableMapping[str, Any]]


@asynccontextmanager
async def _watching(path: Path) -> AsyncIterator[Lines]:
    with capture_logs() as lines:
        watching = asyncio.create_task(changed_files.watch({"SERVICE_TOKEN_FILE": path}, interval=0.01))
        await asyncio.sleep(0)
        try:
            yield lines
        finally:
            watching.cancel()


async def _logged(lines: Lines, count: int) -> None:
    async with asyncio.timeout(10):
        while len(lines) < count:
            await asyncio.sleep(0.01)


async def test_each_change_is_one_line_that_names_the_variable_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first")
    async with _watching(path) as lines:
        path.write_text("second")
        await _logged(lines, 1)
        path.unlink()
        await _logged(lines, 2)
        path.write_text("second")
        await _logged(lines, 3)
        await asyncio.sleep(0.1)
    assert [line["reason"] for line in lines] == [
        "the file has changed",
        "the file cannot be read any more",
        "the file has changed",
    ]
    assert all("SERVICE_TOKEN_FILE" in line["hint"] and "restart it" in line["hint"] for line in lines)
    assert "first" not in str(lines)
    assert "second" not in str(lines)


async def test_a_secret_that_is_swapped_by_a_link_as_kubernetes_does_is_noticed(tmp_path: Path) -> None:
    for version in ("first", "second"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "token").write_text(version)
    current, token = tmp_path / "..data", tmp_path / "token"
    current.symlink_to("first")
    token.symlink_to("..data/token")
    async with _watching(token) as lines:
        (tmp_path / "..new").symlink_to("second")
        (tmp_path / "..new").rename(current)
        await _logged(lines, 1)


def test_secrets_and_certificates_that_are_read_once_are_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, password = tmp_path / "token", tmp_path / "password"
    token.write_text(SERVICE_TOKEN)
    password.write_text("secret")
    monkeypatch.delenv("SERVICE_TOKEN", raising=False)
    monkeypatch.setenv("SERVICE_TOKEN_FILE", str(token))
    authority = Authority(tmp_path)
    keys = authority.issue("store")
    served = ServedSettings(tls_cert_file=keys, tls_key_file=keys)
    assert served.files_read_once() == {"SERVICE_TOKEN_FILE": token, "TLS_CERT_FILE": keys}
    caller = CallerSettings(internal_ca_file=authority.certificate)
    assert caller.files_read_once() == {
        "SERVICE_TOKEN_FILE": token,
        "INTERNAL_CA_FILE": authority.certificate,
    }


def test_what_each_new_connection_reads_again_is_not_watched(tmp_path: Path) -> None:
    certificate = Authority(tmp_path).certificate
    kafka = KafkaSettings(kafka_security_protocol="SSL", kafka_ca_file=certificate)
    assert kafka.files_read_once() == {}
