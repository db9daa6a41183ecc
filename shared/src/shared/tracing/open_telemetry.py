"""The tracer over OpenTelemetry's SDK.

Spans go into a bounded queue, which a thread of the SDK sends. While the collector is away the queue drops
spans, and nothing else: no call here waits.
"""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Token
from types import TracebackType
from typing import Any, Self

import structlog
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.re import parse_env_headers

from shared.runtime.tracing_settings import TracingSettings
from shared.tracing.port import Attributes, Kind, Operation

FLUSH_TIMEOUT_SECONDS = 0.5
"""Of DRAIN_SECONDS, after all else has ended."""

_KINDS = {
    Kind.SERVER: SpanKind.SERVER,
    Kind.PRODUCER: SpanKind.PRODUCER,
    Kind.CONSUMER: SpanKind.CONSUMER,
}
_propagator = TraceContextTextMapPropagator()


class OpenTelemetryTracer:
    is_on = True

    def __init__(self, provider: trace.TracerProvider) -> None:
        self._tracer = provider.get_tracer("parley")

    def start(
        self,
        operation: Operation,
        *,
        parent: str = "",
        links: Sequence[str] = (),
        started_at: int | None = None,
    ) -> "OpenTelemetrySpan":
        return OpenTelemetrySpan(
            self._tracer.start_span(
                operation.name,
                context=_context(parent) if parent else None,
                kind=_KINDS[operation.kind],
                attributes=operation.attributes,
                links=[Link(_span_context(link)) for link in links],
                start_time=started_at,
                record_exception=False,
            )
        )


class OpenTelemetrySpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._token: Token[Context] | None = None
        self._log_tokens: dict[str, Token[Any]] = {}

    @property
    def traceparent(self) -> str:
        context = self._span.get_span_context()
        if not context.trace_flags.sampled:
            return ""
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def set(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def fail(self, error: str) -> None:
        self._span.set_attribute("error.type", error)
        self._span.set_status(StatusCode.ERROR)

    def end(self) -> None:
        self._span.end()

    def __enter__(self) -> Self:
        context = self._span.get_span_context()
        self._token = contexts.attach(trace.set_span_in_context(self._span))
        self._log_tokens = dict(
            structlog.contextvars.bind_contextvars(
                trace_id=f"{context.trace_id:032x}", span_id=f"{context.span_id:016x}"
            )
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token is not None:
            structlog.contextvars.reset_contextvars(**self._log_tokens)
            contexts.detach(self._token)
        if isinstance(error, Exception):
            self.fail(type(error).__name__)
        self.end()


class ExportingTracer(OpenTelemetryTracer):
    """Sends its spans to the collector that the settings name."""

    def __init__(self, settings: TracingSettings, service: str) -> None:
        headers = settings.headers
        exporter = OTLPSpanExporter(
            endpoint=settings.traces_url,
            headers=parse_env_headers(headers, liberal=True) if headers else None,
        )
        self._provider = TracerProvider(
            resource=_resource(service),
            sampler=BatchesWithTraces(_sampler(settings)),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        super().__init__(self._provider)

    async def close(self) -> None:
        """Send what is in the queue, for FLUSH_TIMEOUT_SECONDS at most."""
        loop, closed = asyncio.get_running_loop(), asyncio.Event()

        def close() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop may be closed by then
                loop.call_soon_threadsafe(closed.set)

        # A daemon, as the SDK may wait for a collector for longer than this process may live.
        threading.Thread(target=close, name="tracing-close", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_TIMEOUT_SECONDS):
                await closed.wait()


class BatchesWithTraces(Sampler):
    """Records a batch, which belongs to no trace, if it links to spans: they are of traces that are recorded.
    All else is the deployment's sampler's to decide."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Any = None,
        links: Sequence[Link] | None = None,
        trace_state: Any = None,
    ) -> SamplingResult:
        sampler = ALWAYS_ON if links else self._sampler
        return sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"BatchesWithTraces({self._sampler.get_description()})"


def _sampler(settings: TracingSettings) -> Sampler:
    root: Sampler
    match settings.sampler.removeprefix("parentbased_"):
        case "traceidratio":
            root = TraceIdRatioBased(settings.sampled_share)
        case "always_off":
            root = ALWAYS_OFF
        case _:
            root = ALWAYS_ON
    return ParentBased(root) if settings.sampler.startswith("parentbased_") else root


def _resource(service: str) -> Resource:
    """Describe this process; what the environment gives comes before `service`."""
    given = OTELResourceDetector().detect().attributes
    return Resource.create({} if SERVICE_NAME in given else {SERVICE_NAME: service})


def _context(traceparent: str) -> Context | None:
    """Return the context of a remote parent; None unless it is a valid traceparent."""
    extracted = _propagator.extract({"traceparent": traceparent}, Context())
    return extracted or None


def _span_context(traceparent: str) -> trace.SpanContext:
    return trace.get_current_span(_context(traceparent) or Context()).get_span_context()
