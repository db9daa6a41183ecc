"""One HTTP request as bytes, with the header fields given and no others."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

LOCAL = ("Host", "localhost")


class Answer(NamedTuple):
    status: int
    fields: dict[str, str]
    """By lower-case name; the date and the request's name aside."""
    body: bytes

    @property
    def code(self) -> Any:
        """Of a problem document."""
        return orjson.loads(self.body)["code"]


async def ask(
    port: int, method: str, target: str, fields: Sequence[tuple[str, str]] = (LOCAL,), body: bytes = b""
) -> Answer:
    """The answer of a server on this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    async with asyncio.timeout(30):
        status, given = _head(await reader.readuntil(b"\r\n\r\n"))
        size = 0 if method == "HEAD" else int(given["content-length"])
        answered = await reader.readexactly(size)
        if method == "HEAD":  # nothing more may come
            writer.write_eof()
            answered = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return Answer(status, given, answered)


def _head(raw: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = raw.decode("latin-1").rstrip().split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    given = {name.lower(): value for name, _, value in pairs}
    return int(first.split()[1]), {
        name: given[name] for name in given if name not in ("date", "x-request-id")
    }
