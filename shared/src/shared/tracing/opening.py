"""The tracer of a process, by its settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from shared.runtime.tracing_settings import TracingSettings
from shared.tracing.port import NO_TRACER, Tracer

log = structlog.get_logger()


@asynccontextmanager
async def open_tracer(settings: TracingSettings, service: str) -> AsyncIterator[Tracer]:
    """Yield the process's tracer: NO_TRACER unless the settings switch tracing on. `service`: its name in
    traces, unless the environment gives one. Leaving the block sends what was recorded and not sent yet, for
    half a second at most."""
    if not settings.traces_are_sent:
        yield NO_TRACER
        return
    # Here, so that without tracing nothing of it is imported, and the extra need not be installed.
    from shared.tracing.open_telemetry import ExportingTracer  # noqa: PLC0415

    tracer = ExportingTracer(settings, service)
    log.info("tracing.on", endpoint=settings.traces_url, sampler=settings.sampler)
    try:
        yield tracer
    finally:
        await tracer.close()
