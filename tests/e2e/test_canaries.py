"""Tokens and message texts reach no log, metric, error or listing.

A canary token and a canary text go through every path: valid, refused, malformed, too large, poisonous, and
while processes are killed. Then they are searched for in everything that operators see.
"""

import asyncio
import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from deploy.local.stack.state import LOGS_FOLDER, Stack
from shared.contract import codec, ids
from shared.kafka import Producer, partition_for
from shared.log.topics import Topics
from tests.conftest import StartStack
from tests.e2e import client
from tests.fixtures import builders
from tests.fixtures.platform import away, eventually

TOKEN, TEXT = "canarytoken7Qz41xV", "canarytext0Lw93kB"
SPELLINGS = [
    canary.encode() for plain in (TOKEN, TEXT) for canary in (plain, b64encode(plain.encode()).decode()[:20])
]
LONG_TOKEN = f"{TOKEN}{'x' * 129}"
"""No valid user id."""
PARTITIONS = 12


@pytest.fixture(scope="module")
def stack(start_stack: StartStack) -> Stack:
    return start_stack(own_platform=True, env={"LOG_LEVEL": "debug"})


@pytest.fixture
async def http(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with client.http(stack.gateways[0]) as http:
        yield http


def require_no_canary(where: str, content: bytes, *more: str) -> None:
    for canary in (*SPELLINGS, *(each.encode() for each in more)):
        at = content.find(canary)
        assert at < 0, f"{where}: {content[max(0, at - 200) : at + 100]!r}"


def require_clean_error(response: httpx.Response) -> None:
    """An error quotes neither the token nor a text, in its body or its headers."""
    assert response.is_error, response.text
    require_no_canary(str(response.request.url.copy_with(query=None)), response.content)
    require_no_canary("headers", repr(response.headers.multi_items()).encode())


def require_clean_site(stack: Stack, *more: str) -> None:
    """Search the log files of every process, Kafka and PostgreSQL included, and every metric, also for
    `more`."""
    files = [path for path in (stack.folder / LOGS_FOLDER).rglob("*") if path.is_file()]
    files += list(stack.folder.glob("*/console.log"))
    assert {"gateway.log", "projector.log", "console.log"} <= {path.name for path in files}
    for path in files:
        require_no_canary(path.name, path.read_bytes(), *more)
    for url in stack.admin.values():
        metrics = httpx.get(f"{url}/metrics", timeout=15)
        assert metrics.status_code == 200
        require_no_canary(f"{url}/metrics", metrics.content)
    require_no_canary("process arguments", b"".join(_arguments(stack)))


def _arguments(stack: Stack) -> Iterator[bytes]:
    for process in stack.reload().processes:
        with suppress(FileNotFoundError):
            yield Path(f"/proc/{process.pid}/cmdline").read_bytes()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_valid_calls_and_frames_leave_no_trace(stack: Stack, http: httpx.AsyncClient) -> None:
    conversation = await client.start(http, TOKEN, "bob")
    body = {"conversationId": conversation, "text": TEXT}
    for headers in (bearer(TOKEN), {**bearer(TOKEN), "Prefer": "wait"}):
        assert (await http.post("/messages", json=body, headers=headers)).is_success
    for path in ("conversations", "sync", f"history?conversationId={conversation}"):
        assert (await http.get(f"/messages/{path}", headers=bearer(TOKEN))).is_success
    async with client.socket(stack.gateways[0], TOKEN) as socket:
        await socket.send(type="message", **body, clientId=TEXT)
        await socket.expect(type="message", text=TEXT)
        await socket.send(type="read", conversationId=conversation, upTo=1)
    ticket = (await http.post("/messages/ws-tickets", headers=bearer(TOKEN))).json()["ticket"]
    async with client.socket(stack.gateways[0], ticket) as socket:
        assert socket.of("hello")[0]["userId"] == TOKEN
    require_clean_site(stack, ticket)


async def test_refused_malformed_and_oversized_calls_leave_no_trace(
    stack: Stack, http: httpx.AsyncClient
) -> None:
    message = {"conversationId": ids.fresh_id(), "text": TEXT}
    ann = bearer("ann")
    basic = f"Basic {b64encode(TOKEN.encode()).decode()}"
    proxied = {
        "Referer": f"https://chat.example/ws?token={TOKEN}",
        "Cookie": f"session={TOKEN}",
        "X-Forwarded-Uri": f"/ws?token={TOKEN}",
        "Forwarded": f'for="{TOKEN}"',
    }
    refusals = [
        http.post("/messages", json=message, headers=ann),
        http.post("/messages", json=message, headers={**ann, "Prefer": "wait"}),
        http.post("/messages", json={**message, "text": TEXT * 1_000}, headers=ann),
        http.post("/messages", json={**message, "text": f"{TEXT}\0"}, headers=ann),
        http.post("/messages", json={**message, "text": [TEXT]}, headers=ann),
        http.post("/messages", json={**message, "clientId": f" {TEXT}"}, headers=ann),
        http.post("/messages", json={**message, "conversationId": TEXT}, headers=ann),
        http.post("/messages", content=f'{{"text":"{TEXT}', headers=ann),
        http.post("/messages", content=f'"{TEXT}"', headers=ann),
        http.post("/messages", content=TEXT.encode() + b"\xff", headers=ann),
        http.post("/messages", content=TEXT.encode() * 5_000, headers=ann),
        http.post("/messages", json=message, headers={**ann, "Origin": f"https://{TOKEN}.example"}),
        http.post("/messages/start", json={"peerId": f"{TEXT}\n"}, headers=ann),
        http.get("/messages/sync", headers=bearer(LONG_TOKEN)),
        http.get("/messages/sync", headers={"Authorization": basic}),
        http.get("/messages/sync", headers={"Authorization": f"Bearer{TOKEN}"}),
        http.get("/messages/sync", headers=[("Authorization", f"Bearer {TOKEN}")] * 2),
        http.get("/messages/sync", headers=bearer(TOKEN), params={"meId": "ann"}),
        http.get("/messages/sync", headers=ann, params={"cursor": TOKEN}),
        http.get("/messages/sync", headers=ann, params={"position": TOKEN}),
        http.get("/messages/conversations", headers=ann, params={"page": TOKEN}),
        http.get("/messages/history", headers=ann, params={"conversationId": TOKEN}),
        http.get("/messages/sync", headers={**bearer(TOKEN), "Host": "evil.example"}),
        http.get("/messages/sync", headers={**bearer(TOKEN), "X-Long": "x" * 17_000}),
        http.get(f"/{'x' * 9_000}?token={TOKEN}"),
        http.get(f"/nowhere?token={TOKEN}&access_token={TOKEN}", headers=bearer(TOKEN)),
        http.get(f"/ws?token={TOKEN}"),
        http.delete(f"/messages?token={TOKEN}", headers=bearer(TOKEN)),
        http.get("/messages/history", headers={**ann, **proxied}),
    ]
    for refusal in refusals:
        response = await refusal
        require_clean_error(response)
    require_clean_site(stack)


async def test_bytes_that_are_no_http_leave_no_trace(stack: Stack) -> None:
    for url in (*stack.gateways, *stack.notifiers, *stack.projectors, stack.store):
        at = urlsplit(url)
        for garbage in (
            f"{TOKEN}\r\n\r\n",
            f"GET /ws?token={TOKEN} HTTP/9.9\r\n\r\n",
            f"GET /\0{TOKEN} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization Bearer {TOKEN}\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {TOKEN}\r\n\r\n",
            f"GET /ws?token={TOKEN} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {TOKEN}\r\nSec-WebSocket-Version: {TOKEN}\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection(at.hostname, at.port)
            writer.write(garbage.encode())
            writer.write_eof()
            async with asyncio.timeout(15):
                require_no_canary(garbage[:20], await reader.read())
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
    require_clean_site(stack)


async def test_sockets_that_are_refused_and_bad_frames_leave_no_trace(stack: Stack) -> None:
    gateway = stack.gateways[0].replace("http", "ws", 1)
    for query, headers in (
        (f"?token={LONG_TOKEN}", {}),
        (f"?token={TOKEN}&token={TOKEN}", {}),
        (f"?token={TOKEN}", {"Authorization": "Bearer ann"}),
        (f"?token={TOKEN}", {"Origin": "https://evil.example"}),
        (f"?access_token={TOKEN}&ticket={TOKEN}", {}),
        ("", bearer(LONG_TOKEN)),
        ("", {"Sec-WebSocket-Protocol": f"parley.v1, bearer.{TOKEN}"}),
    ):
        with suppress(WebSocketException, InvalidHandshake):
            async with connect(f"{gateway}/ws{query}", additional_headers=headers) as socket:
                await socket.recv()
                await socket.wait_closed()
                require_no_canary(query, (socket.close_reason or "").encode())
    async with client.socket(stack.gateways[0], "ann", query=f"&cursor={TEXT}") as bad:
        talk = ids.fresh_id()
        await bad.send_raw(TEXT)
        await bad.send_raw(TEXT.encode())
        await bad.send_raw(f'{{"type":"{TEXT}"}}')
        await bad.send_raw(f'{{"type":"message","text":"{TEXT}')
        await bad.send(type="message", conversationId=talk, text=TEXT)
        await bad.send(type="message", conversationId=talk, text=TEXT * 1_000)
        await bad.send(type="message", conversationId=talk, text={TEXT: TEXT})
        await bad.send(type="message", conversationId=TEXT, text="x")
        await bad.send_raw(TEXT * 5_000)
        async with asyncio.timeout(15):
            while len(bad.of("error")) < 10:  # the cursor's is one of them
                await asyncio.sleep(0.01)
        require_no_canary("frames", orjson.dumps(bad.frames))
        await bad.send_raw(TEXT * 20_000)
        assert await bad.close_code() == 1009
    async with client.socket(stack.gateways[0], "ann") as renewed:
        await renewed.send(type="auth", token=TOKEN)  # another user's
        assert await renewed.close_code() == 4401
    require_clean_site(stack)


async def test_dead_letters_keep_the_content_and_their_listing_shows_none(stack: Stack) -> None:
    topics = Topics.with_prefix()
    conversation = ids.fresh_id()
    sent = builders.sent(conversation, "ann", TEXT)
    key, partition = conversation.encode(), partition_for(conversation.encode(), PARTITIONS)
    poison = [
        (topics.events, TEXT.encode()),
        (topics.events, b'{"type":"' + TEXT.encode() + b'"}'),
        (topics.events, codec.encode(sent).replace(b'"text":', b'"text":["') + b'"]'),
        (topics.events, codec.encode(sent).replace(TEXT.encode(), TEXT.encode() + b"\\u0000")),
        (topics.messages, TEXT.encode()),
        (topics.messages, b'{"type":"' + TEXT.encode() + b'"}'),
    ]
    async with AsyncExitStack() as open_:
        producer = Producer(stack.kafka, client_id="test")
        await producer.start()
        open_.push_async_callback(producer.stop)
        for topic, value in poison:
            await (await producer.send(topic, partition, key, value))
    listing = await asyncio.to_thread(eventually, lambda: _listing(stack, len(poison)), "dead letters", 60)
    require_no_canary("listing", listing)
    listed = [orjson.loads(line) for line in listing.splitlines()]
    assert [each["topic"] for each in listed].count(topics.messages) == 2
    assert all(each["reason"] and each["time"] and each["offset"] is not None for each in listed)
    require_clean_site(stack)


def _listing(stack: Stack, lines: int) -> bytes | None:
    """Return what the command prints, once it lists so many dead letters."""
    done = subprocess.run(
        [sys.executable, "-m", "shared.log.dead_letter_listing"],
        env={"PATH": os.environ["PATH"], "KAFKA_BOOTSTRAP": stack.kafka},
        capture_output=True,
        timeout=60,
        check=True,
    )
    require_no_canary("stderr of the listing", done.stderr)
    return done.stdout if len(done.stdout.splitlines()) >= lines else None


@pytest.mark.parametrize("name", ["postgres", "kafka", "store", "projector", "notifier", "gateway"])
async def test_a_process_killed_amid_canaries_leaves_no_trace(
    stack: Stack, http: httpx.AsyncClient, name: str
) -> None:
    async with asyncio.timeout(120):
        while (await _start(http)) is None:
            await asyncio.sleep(0.2)
    conversation = str(await _start(http))
    async with _sends(stack, conversation):
        with away(stack, name):
            for _ in range(5):
                with suppress(httpx.TransportError):
                    answer = await http.get("/messages/history", headers=bearer(TOKEN))
                    require_no_canary("answer", answer.content)
        async with asyncio.timeout(120):
            while not await _is_sent(http, conversation):
                await asyncio.sleep(0.2)
    await asyncio.to_thread(eventually, lambda: _all_answer(stack), "every process", 60)
    require_clean_site(stack)


async def _start(http: httpx.AsyncClient) -> str | None:
    with suppress(httpx.TransportError):
        answer = await http.post("/messages/start", headers=bearer(TOKEN), json={"peerId": "bob"})
        return str(answer.json()["id"]) if answer.is_success else None
    return None


async def _is_sent(http: httpx.AsyncClient, conversation: str) -> bool:
    body = {"conversationId": conversation, "text": TEXT}
    with suppress(httpx.TransportError):
        headers = {**bearer(TOKEN), "Prefer": "wait"}
        return (await http.post("/messages", headers=headers, json=body)).status_code == 201
    return False


@asynccontextmanager
async def _sends(stack: Stack, conversation: str) -> AsyncIterator[None]:
    """Send canaries without a pause while the block runs."""
    body = {"conversationId": conversation, "text": TEXT}
    done = asyncio.Event()

    async def send() -> None:
        async with client.http(stack.gateways[0]) as http:
            while not done.is_set():
                with suppress(httpx.TransportError):
                    answer = await http.post("/messages", headers=bearer(TOKEN), json=body)
                    if answer.is_error:
                        require_clean_error(answer)
                await asyncio.sleep(0.005)

    async with asyncio.TaskGroup() as senders:
        for _ in range(4):
            senders.create_task(send())
        yield
        done.set()


def _all_answer(stack: Stack) -> bool:
    for url in stack.admin.values():
        try:
            httpx.get(f"{url}/metrics", timeout=5)
        except httpx.TransportError:
            return False
    return True


async def test_a_crash_report_has_neither(stack: Stack) -> None:
    """A fatal signal while messages are in flight: whatever the interpreter prints is in the log."""
    async with client.http(stack.gateways[0]) as http:
        conversation = str(await _start(http))
        async with _sends(stack, conversation):
            assert await _is_sent(http, conversation)
            for name in ("gateway", "projector"):
                process = stack.reload().process(name)
                process.signal(signal.SIGABRT)
                process.wait(10)
        async with asyncio.timeout(120):
            while not await _is_sent(http, conversation):
                await asyncio.sleep(0.2)
    await asyncio.to_thread(eventually, lambda: _all_answer(stack), "every process", 60)
    require_clean_site(stack)
