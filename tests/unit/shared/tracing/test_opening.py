"""The tracer of a process over the SDK and a real exporter: a collector that answers, is away, or hangs."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, TraceIdRatioBased

from shared.runtime.settings import TracingSettings
from shared.tracing.open_telemetry import ExportingTracer
from shared.tracing.opening import open_tracer
from shared.tracing.port import NO_TRACER, Kind, Operation
from tests.fixtures.otlp_receiver import OtlpReceiver, ReceivedSpan, otlp_receiver
from tests.fixtures.recorded_spans import TRACE_ID, TRACEPARENT

REQUEST = Operation("request", Kind.SERVER)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*TracingSettings.model_fields, "otel_resource_attributes"):
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with otlp_receiver() as opened:
        yield opened


async def received(receiver: OtlpReceiver, count: int) -> list[ReceivedSpan]:
    """Return the spans, once `count` were received."""
    async with asyncio.timeout(20):
        while len(spans := receiver.spans("request")) < count:
            await asyncio.sleep(0.02)
    return spans


def settings(environment: pytest.MonkeyPatch, **variables: str) -> TracingSettings:
    environment.setenv("OTEL_TRACES_EXPORTER", "otlp")
    for name, value in variables.items():
        environment.setenv(name, value)
    return TracingSettings()


async def test_without_the_switch_nothing_is_recorded(receiver: OtlpReceiver) -> None:
    given = TracingSettings(otel_exporter_otlp_endpoint=receiver.endpoint)
    async with open_tracer(given, "parley-test") as tracer:
        tracer.start(REQUEST).end()
    assert tracer is NO_TRACER
    assert not receiver.requests


async def test_what_waits_is_sent_when_the_process_ends(
    receiver: OtlpReceiver, environment: pytest.MonkeyPatch
) -> None:
    given = settings(
        environment,
        OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
        OTEL_EXPORTER_OTLP_HEADERS="api-key=a%20b",
        OTEL_BSP_SCHEDULE_DELAY="3600000",
    )
    async with open_tracer(given, "parley-test") as tracer:
        tracer.start(REQUEST, parent=TRACEPARENT).end()
    (span,) = await received(receiver, 1)
    assert (span.service, span.trace_id) == ("parley-test", TRACE_ID)
    assert receiver.requests[0]["api-key"] == "a b"


@pytest.mark.parametrize(
    "variables",
    [{"OTEL_SERVICE_NAME": "chat-edge"}, {"OTEL_RESOURCE_ATTRIBUTES": "service.name=chat-edge,x=y"}],
)
async def test_a_name_of_the_environment_comes_first(
    receiver: OtlpReceiver, environment: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    given = settings(environment, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint, **variables)
    async with open_tracer(given, "parley-test") as tracer:
        tracer.start(REQUEST).end()
    assert [span.service for span in await received(receiver, 1)] == ["chat-edge"]


@pytest.mark.parametrize("sampler", ["traceidratio", "parentbased_traceidratio", "always_off"])
async def test_the_sampler_of_the_environment_decides(
    receiver: OtlpReceiver, environment: pytest.MonkeyPatch, sampler: str
) -> None:
    given = settings(
        environment,
        OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
        OTEL_TRACES_SAMPLER=sampler,
        OTEL_TRACES_SAMPLER_ARG="0.0",
    )
    async with open_tracer(given, "parley-test") as tracer:
        tracer.start(REQUEST).end()
        tracer.start(REQUEST, parent=TRACEPARENT).end()
        tracer.start(REQUEST, links=[TRACEPARENT]).end()
    is_parent_based = sampler.startswith("parentbased")
    spans = await received(receiver, 2 if is_parent_based else 1)
    assert [bool(span.parent_id) for span in spans] == ([True, False] if is_parent_based else [False])


async def test_the_share_of_a_sampler_is_the_deployments(environment: pytest.MonkeyPatch) -> None:
    given = settings(
        environment, OTEL_TRACES_SAMPLER="parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG="0.25"
    )
    tracer = ExportingTracer(given, "parley-test")
    wanted: Sampler = ParentBased(TraceIdRatioBased(0.25))
    assert tracer._provider.sampler.get_description() == f"BatchesWithTraces({wanted.get_description()})"
    await tracer.close()


@pytest.fixture(params=["away", "hangs"])
def lost_collector(request: pytest.FixtureRequest) -> Iterator[str]:
    """A collector whose port refuses connections; or one that takes them and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if request.param == "away":
            listener.close()
        yield f"http://127.0.0.1:{port}"


_PROGRAM = """
import asyncio, uvloop
from shared.runtime import logging
from shared.runtime.settings import TracingSettings
from shared.tracing.opening import open_tracer
from shared.tracing.port import Kind, Operation

async def main():
    async with open_tracer(TracingSettings(), "parley-test") as tracer:
        for _ in range(5_000):
            tracer.start(Operation("request", Kind.SERVER)).end()
        await asyncio.sleep(0.2)
    print("left")

logging.configure("test", "info")
uvloop.run(main())
"""


async def test_a_lost_collector_costs_spans_alone_and_holds_up_nothing(lost_collector: str) -> None:
    """The queue is overrun many times; the process ends by itself; each reason is logged once."""
    variables = {
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT": lost_collector,
        "OTEL_BSP_SCHEDULE_DELAY": "10",
        "OTEL_BSP_MAX_QUEUE_SIZE": "64",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PROGRAM),
        env=os.environ | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    lines = output.decode().splitlines()
    assert (process.returncode, lines.count("left")) == (0, 1), lines
    assert sum("Queue full" in line for line in lines) == 1, lines
    assert len(lines) <= 7, lines
