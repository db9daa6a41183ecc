"""The limits on a connection before there is a request, and the answers beyond them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import orjson
import pytest
import structlog
from prometheus_client import REGISTRY

from shared.http.connections import Timeouts
from shared.http.http_protocol import HttpProtocol
from shared.http.refusals import MAX_FIELDS, MAX_HEAD_BYTES, MAX_REQUEST_LINE_BYTES
from tests.unit.shared.http.raw_http import Raw, Served, served

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Served]:
    async with served() as serving:
        yield serving


def _ended(reason: str) -> float:
    return REGISTRY.get_sample_value("server_connections_closed_total", {"reason": reason}) or 0.0


def _line(size: int) -> bytes:
    """A request line of so many bytes."""
    return b"GET /".ljust(size - len(b" HTTP/1.1\r\n"), b"a") + b" HTTP/1.1\r\n"


def _head(size: int) -> bytes:
    return (GET + b"X: ").ljust(size - 4, b"a") + b"\r\n\r\n"


async def test_a_request_line_of_more_than_8_kib_is_414(server: Served) -> None:
    assert (await server.ask(_line(MAX_REQUEST_LINE_BYTES) + b"Host: x\r\n\r\n")).status == 200
    answer = await server.ask(_line(MAX_REQUEST_LINE_BYTES + 1) + b"Host: x\r\n\r\n")
    assert (answer.status, answer.problem["code"]) == (414, "too_big")
    post = b"POST /" + _line(MAX_REQUEST_LINE_BYTES + 1)[len(b"GET /") + 1 :]
    assert len(post) == MAX_REQUEST_LINE_BYTES + 1
    assert (await server.ask(post + b"Host: x\r\n\r\n")).status == 414


async def test_white_space_around_a_value_is_no_part_of_it(server: Served) -> None:
    answer = await server.ask(b"GET / HTTP/1.1\r\nHost: \tx \t\r\nX:  a b \r\n\r\n")
    assert orjson.loads(answer.body)["fields"] == [["host", "x"], ["x", "a b"]]


@pytest.mark.parametrize("body", [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_an_upgrade_with_a_body_is_refused(server: Served, body: bytes) -> None:
    upgrade = b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    answer = await server.ask(upgrade + body + b"\r\nhello")
    assert (answer.status, answer.problem["detail"]) == (400, "an upgrade has no body")


async def test_a_head_of_more_than_16_kib_or_100_fields_is_431(server: Served) -> None:
    assert (await server.ask(_head(MAX_HEAD_BYTES))).status == 200
    answer = await server.ask(_head(MAX_HEAD_BYTES + 1))
    assert (answer.status, answer.problem["code"]) == (431, "too_big")
    assert (await server.ask(GET + b"a: b\r\n" * (MAX_FIELDS - 1) + b"\r\n")).status == 200
    assert (await server.ask(GET + b"a: b\r\n" * MAX_FIELDS + b"\r\n")).status == 431


@pytest.mark.parametrize(
    ("begin", "more", "status"),
    [
        (b"GET /", b"a" * 64, 414),
        (GET + b"X: ", b"a" * 64, 431),
        (GET, b"a: b\r\n" * 16, 431),
        (b"", b"\r\n" * 32, 431),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: ",
            b"a" * 64,
            431,
        ),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;x=", b"a" * 64, 431),
    ],
    ids=["line", "value", "fields", "empty lines", "trailer", "chunk extension"],
)
async def test_endless_input_is_refused_at_its_limit_in_whatever_pieces_it_arrives(
    server: Served, begin: bytes, more: bytes, status: int
) -> None:
    async with server.connected() as raw:
        await raw.send(begin)
        answer = asyncio.create_task(raw.answer())
        for sent in range(0, 10 * MAX_HEAD_BYTES, len(more)):
            if answer.done():
                break
            await raw.send(more)
            if sent % 1_024 == 0:
                await asyncio.sleep(0)
        assert (await answer).status == status
        assert await raw.ended() == b""


async def test_pipelined_requests_with_large_bodies_are_all_answered(server: Served) -> None:
    body = b"b" * 300_000
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    async with server.connected() as raw:
        await raw.send(request + request + GET + b"\r\n")
        for _ in range(2):
            assert len((await raw.answer()).body) > len(body)
        assert (await raw.answer()).status == 200


async def test_requests_wait_unparsed_however_many_are_sent_at_once(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parsed, each takes kilobytes: a client that sends without end would use up the memory."""
    waiting: list[int] = []
    complete = HttpProtocol.on_message_complete

    def count(protocol: HttpProtocol) -> None:
        complete(protocol)
        waiting.append(len(protocol.pipeline))

    monkeypatch.setattr(HttpProtocol, "on_message_complete", count)
    total = 20_000
    async with server.connected() as raw:
        sending = asyncio.create_task(raw.send((GET + b"\r\n") * total))
        for _ in range(total):
            assert (await raw.answer()).status == 200
        await sending
    assert len(waiting) == total
    assert 1 < max(waiting) < 200


async def test_a_pipelined_request_whose_body_follows_later_is_answered(server: Served) -> None:
    body = b"b" * 200_000
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with server.connected() as raw:
        await raw.send((GET + b"\r\n") * 500 + post + body[:100_000])
        for _ in range(500):
            assert (await raw.answer()).status == 200
        await raw.send(body[100_000:] + (GET + b"\r\n") * 3)
        assert len((await raw.answer()).body) > len(body)
        for _ in range(3):
            assert (await raw.answer()).status == 200


async def test_trailers_are_no_fields_of_the_head(server: Served) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = await server.ask(head + b"1\r\na\r\n0\r\nAuthorization: Bearer ann\r\n\r\n")
    assert answer.status == 200
    assert b"uthorization" not in answer.body


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    ],
)
async def test_a_request_has_one_host(server: Served, head: bytes, status: int) -> None:
    answer = await server.ask(head)
    assert answer.status == status
    if status == 400:
        assert answer.problem["code"] == "bad_request"


async def test_garbage_is_answered_counted_and_not_logged(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    before = _ended("malformed")
    garbage = [
        b"\x16\x03\x01\x02",
        b"GET\r\n\r\n",
        GET + b"a b: c\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
    garbage.append(b"GET /ws?\xff HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
    with caplog.at_level(logging.DEBUG - 1):
        for head in garbage:
            answer = await server.ask(head)
            assert (answer.status, answer.problem["code"]) == (400, "bad_request")
        upgrade = GET + b"Upgrade: h2c\r\nConnection: upgrade\r\n\r\n"
        assert (await server.ask(upgrade)).status == 200
    assert _ended("malformed") - before == len(garbage)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("before", [1, 3])
async def test_an_upgrade_behind_an_unanswered_request_is_not_taken(server: Served, before: int) -> None:
    fields = b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
    upgrade = GET + fields + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    async with server.connected() as raw:
        await raw.send((GET + b"\r\n") * before + upgrade)
        for _ in range(before):
            assert (await raw.answer()).status == 200
        assert await raw.ended() == b""


async def test_an_upgrade_by_another_method_is_an_ordinary_request(server: Served) -> None:
    fields = b"Host: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n"
    answer = await server.ask(b"POST /ws HTTP/1.1\r\n" + fields)
    assert (answer.status, b'"POST"' in answer.body) == (200, True)


OFFER = b"Host: x\r\nConnection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
INNER = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
BODIES = {
    "sized": (b"Content-Length: %d\r\n\r\n" % len(INNER), INNER),
    "chunked": (b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (len(INNER), INNER)),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("pause", [None, 0.05], ids=["together", "in pieces"])
async def test_the_body_of_an_upgrade_that_is_not_taken_is_its_body_and_no_request(
    server: Served, kind: str, pause: float | None
) -> None:
    fields, content = BODIES[kind]
    pieces = [b"POST / HTTP/1.1\r\n" + OFFER + fields, content, GET + b"X: next\r\n\r\n"]
    async with server.connected() as raw:
        for piece in [b"".join(pieces)] if pause is None else pieces:
            await raw.send(piece)
            await asyncio.sleep(pause or 0)
        first, second = orjson.loads((await raw.answer()).body), orjson.loads((await raw.answer()).body)
    assert (first["method"], first["body"]) == ("POST", INNER.decode())
    assert (second["method"], ["x", "next"] in second["fields"]) == ("GET", True)


async def test_upgrades_that_are_not_taken_do_not_add_up_to_a_long_head(server: Served) -> None:
    head = b"GET / HTTP/1.1\r\n" + OFFER + b"X: " + b"a" * 2_048 + b"\r\n\r\n"
    async with server.connected() as raw:
        for _ in range(2 * MAX_HEAD_BYTES // len(head)):
            await raw.send(head[:100])
            await asyncio.sleep(0.01)
            await raw.send(head[100:])
            assert (await raw.answer()).status == 200


async def _dribble(raw: Raw, data: bytes) -> None:
    for byte in data:
        await raw.send(bytes((byte,)))
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("begin", "dribble", "status"),
    [
        (b"", b"", None),
        (b"GET / HT", b"", 408),
        (b"", GET + b"X: " + b"a" * 10_000, 408),
        (GET + b"\r\n", b"", 200),
        (GET + b"\r\n", GET + b"X: " + b"a" * 10_000, 200),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n", b"a" * 10_000, 200),
    ],
    ids=["silent", "half", "byte by byte", "idle", "the second byte by byte", "an unread body"],
)
async def test_a_connection_that_owes_a_whole_head_is_closed_in_time(
    begin: bytes, dribble: bytes, status: int | None
) -> None:
    async with served(timeouts=Timeouts(head=0.5)) as serving, serving.connected() as raw:
        await raw.send(begin)
        if status == 200:
            assert (await raw.answer()).status == 200
        sending = asyncio.create_task(_dribble(raw, dribble))
        if status == 408 or (status == 200 and dribble.startswith(b"GET")):
            assert (await raw.answer()).problem["code"] == "bad_request"
        assert await raw.ended() == b""
        sending.cancel()


async def test_an_answer_without_progress_is_dropped_and_one_read_slowly_is_not() -> None:
    size = 8_000_000
    request = b"GET /big?%d HTTP/1.1\r\nHost: x\r\n\r\n" % size
    async with (
        served(timeouts=Timeouts(unread=0.6)) as serving,
        serving.connected() as stuck,
        serving.connected() as slow,
    ):
        before = _ended("unread")
        for client in (stuck, slow):
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await client.send(request)
        read = 0
        async with asyncio.timeout(30):
            while _ended("unread") == before or read < size // 2:
                slow.writer.transport.resume_reading()  # type: ignore[attr-defined]
                read += len(await slow.reader.read(200_000))
                await asyncio.sleep(0.05)
        assert _ended("unread") - before == 1
        rest = await slow.reader.readexactly(size - read)
        assert len(rest) + read == size


async def test_a_small_unread_answer_is_not_kept_either() -> None:
    """One that fits into the write buffer pauses nothing, and closing would wait for it."""
    async with served(timeouts=Timeouts(unread=0.6)) as serving, serving.connected() as stuck:
        before = _ended("unread")
        stuck.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            await stuck.send(b"GET /big?60000 HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(20):
            while _ended("unread") == before:
                await asyncio.sleep(0.05)


async def test_at_the_limit_the_oldest_connection_without_a_whole_head_makes_room() -> None:
    async with AsyncExitStack() as stack, served(settings={"max_connections": 16}) as serving:
        before = _ended("limit")
        with structlog.testing.capture_logs() as logs:
            idle = [await stack.enter_async_context(serving.connected()) for _ in range(16)]
            sockets = [await stack.enter_async_context(_upgraded(serving)) for _ in range(10)]
            assert (await serving.ask(GET + b"\r\n")).status == 200
        for raw in idle[:11]:
            assert await raw.ended() == b""
        assert not any(raw.reader.at_eof() for raw in sockets)
        assert _ended("limit") - before == 11
        assert [line["event"] for line in logs].count("connections.at_limit") == 1
        assert REGISTRY.get_sample_value("server_connections") == 16


async def test_where_all_connections_are_in_use_a_new_one_gets_503() -> None:
    async with AsyncExitStack() as stack, served(settings={"max_connections": 16}) as serving:
        sockets = [await stack.enter_async_context(_upgraded(serving)) for _ in range(16)]
        async with serving.connected() as late:
            answer = await late.answer()
            assert (answer.status, answer.problem["code"]) == (503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0
        sockets[0].close()
        async with asyncio.timeout(5):
            while True:
                with suppress(EOFError, ConnectionError):
                    if (await serving.ask(GET + b"\r\n")).status == 200:
                        break


@asynccontextmanager
async def _upgraded(serving: Served) -> AsyncIterator[Raw]:
    async with serving.connected() as raw:
        fields = b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
        await raw.send(GET + fields + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
        assert (await raw.answer()).status == 101
        yield raw


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (GET + b"\r\n", 200),
        (b"nonsense\r\n\r\n", 400),
        (GET + b"a: b\r\n" * 200 + b"\r\n", 431),
        (GET + b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 12\r\n\r\n", 400),
    ],
)
async def test_every_answer_has_the_headers_of_a_private_api(
    server: Served, request_: bytes, status: int
) -> None:
    answer = await server.ask(request_)
    assert answer.status == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert answer.headers["cache-control"] == "no-store"
    if status != 200:
        assert answer.problem
