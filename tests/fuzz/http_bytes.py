"""Raw HTTP requests: valid ones from the OpenAPI document, damaged, sent as bytes."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from random import Random

import orjson

from tests.e2e import access_rules
from tests.e2e.access_rules import Operation
from tests.fuzz.mutation import mutate

ANSWER_TIMEOUT_SECONDS = 20.0
DEFINED_503 = frozenset({"unavailable", "projection_behind"})
"""Codes of the 503 that the contract defines."""
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_FIELDS: Sequence[bytes] = (
    *(
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Content-Length: 0",
        b"Content-Length: 99",
    ),
    *(
        b"Expect: 100-continue",
        b"Connection: close",
        b"Connection: upgrade",
        b"Upgrade: websocket",
        b"Upgrade: h2c",
    ),
    *(b"Authorization: Basic eA==", b"Authorization: Bearer bob", b"Host: evil.example", b"Host: localhost"),
    *(
        b"Origin: null",
        b"Origin: https://evil.example",
        b"Origin: http://127.0.0.1:1",
        b"Prefer: wait=99999999999",
    ),
    *(
        b'Prefer: wait=""',
        b"Prefer: ,,wait ; x",
        b"Content-Type: a/b; charset=latin-1",
        b"Accept-Encoding: gzip;q=1e9",
    ),
    *(
        b"X: " + b"a" * 9_000,
        b"X-Forwarded-For: ::1, x",
        b'Forwarded: for="[::1]"',
        b"Act-As: bob",
        b" folded: x",
    ),
    *(
        b"If-None-Match: *",
        b"If-Modified-Since: x",
        b"Range: bytes=0-,-1",
        b"Cookie: a",
        b"Trailer: Authorization",
    ),
)
_METHODS: Sequence[bytes] = (
    *(b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"QUERY", b"PRI"),
)


class Finding(AssertionError):
    """The server did what it never may."""


def requests(random: Random, conversation: str) -> Iterator[bytes]:
    """Yield requests without end."""
    operations = access_rules.operations()
    while True:
        valid = _request(random, random.choice(operations), conversation)
        yield valid if random.random() < 0.1 else mutate(random, valid)


async def send(port: int, request: bytes) -> int | None:
    """Send one request and read all that comes back; return the status of the first answer, None without
    one. Raises Finding."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(ConnectionError):
            writer.write(request)
            writer.write_eof()  # a body that was announced and is missing is not waited for
        answered = b""
        with suppress(ConnectionError):
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                while part := await reader.read(65_536):
                    answered += part
    except TimeoutError:
        raise Finding(f"no end of the answer to {request!r}: {answered[:500]!r}") from None
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    statuses = [int(status) for status in _STATUS.findall(answered)]
    for status in statuses:
        if status >= 500 and not (status == 503 and _is_defined(answered)):
            raise Finding(f"{status} for {request!r}: {answered[:500]!r}")
    if b"Traceback" in answered or b'File "/' in answered:
        raise Finding(f"a traceback for {request!r}: {answered[:2_000]!r}")
    return statuses[0] if statuses else None


def _is_defined(answered: bytes) -> bool:
    return any(f'"code":"{code}"'.encode() in answered for code in DEFINED_503)


def _request(random: Random, operation: Operation, conversation: str) -> bytes:
    method = random.choice(_METHODS) if random.random() < 0.1 else operation.method.encode()
    query = {**operation.query(conversation), **_options(random, operation)}
    target = "&".join(f"{name}={value}" for name, value in query.items()).encode()
    content = operation.content(conversation)
    body = b"" if content is None else orjson.dumps(content)
    fields = [b"Host: localhost", b"Authorization: Bearer ann", b"Content-Length: %d" % len(body)]
    for _ in range(random.choice((0, 0, 1, 3))):
        fields.insert(random.randint(0, len(fields)), random.choice(_FIELDS))
    if random.random() < 0.2:
        body = mutate(random, body)
    head = [method + b" " + operation.path.encode() + b"?" + target + b" HTTP/1.1", *fields, b"", b""]
    return b"\r\n".join(head) + body


def _options(random: Random, operation: Operation) -> dict[str, str]:
    values = (
        "1",
        "0",
        "100",
        "101",
        "-1",
        "ann",
        "bob",
        "x",
        "AAAA",
        "0123456789abcdef-1-1",
        "%00",
        "%FF",
        "",
    )
    names = sorted(operation.optional)
    return {name: random.choice(values) for name in random.sample(names, random.randint(0, len(names)))}
