"""HEAD: what GET answers, without the body."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway.house import House, opened

_PASSING = {"date", "x-request-id"}


async def _raw(house: House, method: str, target: str, **fields: str) -> tuple[bytes, dict[str, str], bytes]:
    """Status line, header fields and all that came after them until the connection was closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close"]
    writer.write("\r\n".join([*lines, *(f"{n}: {v}" for n, v in fields.items()), "", ""]).encode())
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *given = head.split(b"\r\n")
    pairs = (line.decode().partition(": ") for line in given)
    return status, {name.lower(): value for name, _, value in pairs if name.lower() not in _PASSING}, body


def _gets(document: dict[str, Any]) -> list[str]:
    return [path for path, operations in document["paths"].items() if "get" in operations]


async def test_every_path_that_answers_get_answers_head_alike(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Parley</title>")
    (tmp_path / "assets/a.js").write_text("1;" * 1_000)
    async with opened(web_root=tmp_path) as house:
        talk = await house.talk("ana", "ben")
        described = (await house.http.get("/openapi.json")).json()
        query = f"?meId=ana&conversationId={talk}"
        files = ["/", "/assets/a.js", "/assets/gone.js", "/docs", "/openapi.json", "/ws", "/nowhere"]
        for path in [*(path + query for path in _gets(described)), *files]:
            got, head = await _raw(house, "GET", path), await _raw(house, "HEAD", path)
            if not path.startswith("/metrics"):  # it counts both
                assert head[:2] == got[:2], path
                assert int(head[1]["content-length"]) == len(got[2])
            assert head[0].split()[1] == got[0].split()[1]
            assert head[2] == b"", path


async def test_head_is_no_operation_of_its_own(house: House) -> None:
    described = (await house.http.get("/openapi.json")).json()
    assert not [path for path, operations in described["paths"].items() if "head" in operations]


async def test_head_at_the_root_without_a_client(house: House) -> None:
    got, head = await _raw(house, "GET", "/"), await _raw(house, "HEAD", "/")
    assert head == (got[0], got[1], b"")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/messages/history", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
        ("POST", "/metrics", "GET, HEAD"),
        ("POST", "/", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
        ("PUT", "/ws", "GET, HEAD"),
        ("HEAD", "/messages", "POST"),
        ("GET", "/messages/start", "POST"),
    ],
)
async def test_a_wrong_method_is_told_all_the_right_ones(
    house: House, method: str, path: str, allow: str
) -> None:
    status, fields, _ = await _raw(house, method, path)
    assert status.split()[1] == b"405"
    assert fields["allow"] == allow
