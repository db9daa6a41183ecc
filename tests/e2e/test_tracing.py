"""One message is one trace through all processes; and without tracing nothing of it is there."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import httpx
import orjson
import pytest

from deploy.local.stack.state import LOGS_FOLDER, Stack
from shared.contract import codec
from shared.kafka import TopicReader
from shared.kafka.types import RecordWithHeaders
from shared.log.topics import Topics
from shared.tracing import traceparent
from tests.conftest import StartStack
from tests.e2e import client
from tests.fixtures import platform
from tests.fixtures.limits import UNLIMITED_ENVIRONMENT
from tests.fixtures.otlp_receiver import OtlpReceiver, ReceivedSpan, otlp_receiver
from tests.fixtures.platform import Platform, fresh_database, local_stack

T = TypeVar("T")

CLIENT_SPAN_ID = "b7ad6b7169203331"
PATH_OF_A_MESSAGE = [
    ("parley-gateway", "POST /messages"),
    ("parley-gateway", "send chat.events"),
    ("parley-projector", "project chat.events"),
    ("parley-projector", "send chat.messages"),
    ("parley-notifier", "process chat.messages"),
    ("parley-gateway", "deliver frame"),
]
LOADED_MODULES = Path(__file__).parents[1] / "fixtures" / "loaded_modules"


@pytest.fixture(scope="module")
def receiver() -> Iterator[OtlpReceiver]:
    with otlp_receiver() as opened:
        yield opened


@pytest.fixture(scope="module")
def prefix() -> str:
    return platform.new_topic_prefix()


@pytest.fixture(scope="module")
def traced(start_stack: StartStack, receiver: OtlpReceiver, prefix: str) -> Stack:
    """A stack that sends its traces to `receiver`."""
    variables = {
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "TOPIC_PREFIX": prefix,
        "LOG_LEVEL": "debug",
    }
    return start_stack(env=variables)


@pytest.fixture
async def http(traced: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with client.http(traced.gateways[0]) as opened:
        yield opened


async def eventually(probe: Callable[[], T | None], what: str, seconds: float = 60) -> T:
    async with asyncio.timeout(seconds):
        while not (result := probe()):
            await asyncio.sleep(0.05)
    assert result, what
    return result


async def send(http: httpx.AsyncClient, conversation: str, text: str, **headers: str) -> None:
    body = {"conversationId": conversation, "text": text}
    answer = await http.post("/messages", params={"meId": "ann"}, json=body, headers=headers)
    assert answer.status_code == 202, answer.text


def new_trace() -> str:
    return os.urandom(16).hex()


def traceparent_of(trace_id: str, flags: str = "01") -> str:
    return f"00-{trace_id}-{CLIENT_SPAN_ID}-{flags}"


async def path_of(
    receiver: OtlpReceiver, trace_id: str, path: Sequence[tuple[str, str]]
) -> list[ReceivedSpan]:
    """Return the spans of the trace, once those of `path` were received."""

    def received() -> list[ReceivedSpan] | None:
        spans = receiver.trace(trace_id)
        return spans if {(span.service, span.name) for span in spans} >= set(path) else None

    return await eventually(received, f"the path of {trace_id}")


def renamed(prefix: str) -> list[tuple[str, str]]:
    """The path of a message over topics with this prefix."""
    return [(service, re.sub(r"chat\.", f"{prefix}chat.", name)) for service, name in PATH_OF_A_MESSAGE]


async def records(kafka: str, topic: str) -> list[RecordWithHeaders]:
    reader = TopicReader(kafka, topic, client_id="test")
    await reader.start()
    try:
        ends = await reader.end_offsets(range(await reader.partition_count()))
        scans = [reader.scan(partition, 0, end) for partition, end in ends.items() if end]
        return [record for scan in scans async for record in scan]
    finally:
        await reader.stop()


async def test_one_message_is_one_trace_over_three_processes(
    traced: Stack, receiver: OtlpReceiver, http: httpx.AsyncClient, prefix: str
) -> None:
    conversation, trace_id = await client.start(http, "ann", "bob"), new_trace()
    async with client.socket(traced.gateways[0], "bob") as bob:
        await send(http, conversation, "follow me", traceparent=traceparent_of(trace_id))
        await bob.expect(type="message", text="follow me")
    path = renamed(prefix)
    spans = await path_of(receiver, trace_id, path)

    assert {span.service for span in spans} == {"parley-gateway", "parley-projector", "parley-notifier"}
    assert sorted((span.service, span.name) for span in spans) == sorted(path)
    in_order = [next(s for s in spans if (s.service, s.name) == each) for each in path]
    assert [span.parent_id for span in in_order] == [CLIENT_SPAN_ID, *(s.span_id for s in in_order[:-1])]
    request, sent, projected = in_order[:3]
    assert request.attributes["http.response.status_code"] == 202
    assert projected.attributes["parley.outcome"] == "entry"
    assert sent.attributes["messaging.kafka.offset"] == projected.attributes["messaging.kafka.offset"]

    # the batch that it was in is of no message's trace, and linked both ways
    batches = receiver.spans(f"process {prefix}chat.events")
    (batch,) = (each for each in batches if sent.span_id in each.linked_spans)
    assert trace_id in batch.linked_traces
    assert batch.trace_id != trace_id
    assert batch.parent_id == ""
    assert projected.linked_spans == [batch.span_id]


async def test_traces_hold_no_text_no_user_and_no_query(
    traced: Stack, receiver: OtlpReceiver, http: httpx.AsyncClient, prefix: str
) -> None:
    conversation, trace_id = await client.start(http, "ann", "bob-the-builder"), new_trace()
    async with client.socket(traced.gateways[0], "bob-the-builder") as bob:
        await send(http, conversation, "a secret of ours", traceparent=traceparent_of(trace_id))
        await bob.expect(type="message", text="a secret of ours")
    await path_of(receiver, trace_id, renamed(prefix))
    for body in receiver.bodies:
        for personal in (b"a secret", b"bob-the-builder", b"meId", b"token=", conversation.encode()):
            assert personal not in body


async def test_a_frame_begins_a_trace_or_continues_that_of_the_upgrade(
    traced: Stack, receiver: OtlpReceiver, http: httpx.AsyncClient, prefix: str
) -> None:
    conversation, trace_id = await client.start(http, "ann", "bob"), new_trace()
    path = [("parley-gateway", "frame message"), *renamed(prefix)[1:]]
    header = {"traceparent": traceparent_of(trace_id)}
    async with client.socket(traced.gateways[0], "ann", headers=header) as ann:
        for text in ("one", "two"):
            await ann.send(type="message", conversationId=conversation, text=text)
            await ann.expect(type="message", text=text)
        spans = await eventually(
            lambda: s if len(s := receiver.trace(trace_id)) >= 2 * len(path) else None, "both frames"
        )
        assert sorted((s.service, s.name) for s in spans) == sorted(path * 2)
        await ann.send(type="message", conversationId=conversation, text="x", **header)
        assert (await ann.expect(type="error"))["code"] == "invalid"
    async with client.socket(traced.gateways[0], "ann") as ann:
        await ann.send(type="message", conversationId=conversation, text="three")
        await ann.expect(type="message", text="three")
    frames = await eventually(
        lambda: s if (s := [f for f in receiver.spans("frame message") if not f.parent_id]) else None,
        "a frame without a parent",
    )
    await path_of(receiver, frames[-1].trace_id, path)


async def test_a_trace_that_is_not_recorded_leaves_nothing(
    traced: Stack, receiver: OtlpReceiver, http: httpx.AsyncClient, prefix: str
) -> None:
    conversation, hidden, shown = await client.start(http, "ann", "bob"), new_trace(), new_trace()
    async with client.socket(traced.gateways[0], "bob") as bob:
        await send(http, conversation, "hidden", traceparent=traceparent_of(hidden, "00"))
        await send(http, conversation, "shown", traceparent=traceparent_of(shown))
        await bob.expect(type="message", text="shown")
    await path_of(receiver, shown, renamed(prefix))
    assert not receiver.trace(hidden)
    for topic in ("events", "messages"):
        for record in await records(traced.kafka, getattr(Topics.with_prefix(prefix), topic)):
            assert hidden not in traceparent.of_record(record.headers)


async def test_the_trace_is_in_a_header_of_both_topics_and_never_in_a_record(
    traced: Stack, receiver: OtlpReceiver, http: httpx.AsyncClient, prefix: str
) -> None:
    conversation, trace_id = await client.start(http, "ann", "bob"), new_trace()
    async with client.socket(traced.gateways[0], "bob") as bob:
        await send(http, conversation, "in the header", traceparent=traceparent_of(trace_id))
        await bob.expect(type="message", text="in the header")
    topics = Topics.with_prefix(prefix)
    for topic in (topics.events, topics.messages):
        with_trace = [
            record
            for record in await records(traced.kafka, topic)
            if traceparent.trace_id(traceparent.of_record(record.headers)) == trace_id
        ]
        (record,) = with_trace
        assert [header for header in record.headers if header[0] != "traceparent"] == list(codec.HEADERS)
        assert record.value is not None
        assert trace_id.encode() not in record.value
        assert b"traceparent" not in record.value


async def test_log_lines_have_the_id_of_the_trace(traced: Stack, http: httpx.AsyncClient) -> None:
    conversation, trace_id = await client.start(http, "ann", "bob"), new_trace()
    await send(http, conversation, "logged", traceparent=traceparent_of(trace_id))
    log = traced.folder / LOGS_FOLDER / "gateway.log"

    def logged() -> list[str]:  # the stack writes the file while it reads the process's output
        return [line for line in log.read_text().splitlines(keepends=True) if trace_id in line]

    await eventually(lambda: [line for line in logged() if line.endswith("\n")], "the line in the log")
    lines = [orjson.loads(line) for line in logged()]
    assert [line["event"] for line in lines if line["trace_id"] == trace_id] == ["event.confirmed"]


async def test_without_tracing_no_process_loads_it_and_no_header_carries_it(
    real_platform: Platform, tmp_path: Path
) -> None:
    """FastAPI itself imports parts of OpenTelemetry's API; nothing more is loaded."""
    prefix = platform.new_topic_prefix()
    environment = {
        "MODULES_FOLDER": str(tmp_path),
        "PYTHONPATH": str(LOADED_MODULES),
        "TOPIC_PREFIX": prefix,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        **UNLIMITED_ENVIRONMENT,
    }
    with fresh_database(real_platform.database) as database:
        options = (f"--kafka={real_platform.kafka}", f"--database={database}")
        with local_stack(*options, env=environment) as stack:
            async with (
                client.http(stack.gateways[0]) as http,
                client.socket(stack.gateways[0], "bob") as bob,
            ):
                conversation = await client.start(http, "ann", "bob")
                await send(http, conversation, "untraced", traceparent=traceparent_of(new_trace()))
                await bob.expect(type="message", text="untraced")
            topics = Topics.with_prefix(prefix)
            for topic in (topics.events, topics.messages):
                written = await records(stack.kafka, topic)
                assert written
                assert {tuple(record.headers) for record in written} <= {codec.HEADERS, ()}
    await asyncio.to_thread(_check_modules, tmp_path)


def _check_modules(folder: Path) -> None:
    """What each process had loaded when it ended."""
    modules = {
        command: set(names) for command, *names in (f.read_text().splitlines() for f in folder.iterdir())
    }
    by_fastapi = subprocess.run(
        [sys.executable, "-c", "import fastapi, sys; print(*sys.modules, sep='\\n')"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    allowed = set(filter(_is_of_opentelemetry, by_fastapi.stdout.split()))
    assert not any(name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")) for name in allowed)
    for service in ("gateway", "message_store project", "message_store serve", "notifier live"):
        (loaded,) = (names for command, names in modules.items() if command.endswith(service))
        assert "fastapi" in loaded
        assert set(filter(_is_of_opentelemetry, loaded)) <= allowed
        assert "shared.tracing.open_telemetry" not in loaded


def _is_of_opentelemetry(module: str) -> bool:
    return module.partition(".")[0] == "opentelemetry"
