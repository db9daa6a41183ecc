"""Logs as one JSON object a line on stdout, never with a token or a message's text."""

import logging
import re
import sys
from dataclasses import dataclass
from typing import Any

import structlog

_SECRET = re.compile(r"((?:token|ticket|access_token)=)[^&\s\"]+")


class _Redact(logging.Filter):
    """Redacts tokens: uvicorn logs a WebSocket's query string even without an access log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):  # structlog's own messages are dicts
            record.msg = _SECRET.sub(r"\1…", record.getMessage())
            record.args = ()
        return True


class RepeatFilter(logging.Filter):
    """Limits repeats: aiokafka logs the same at each retry, 100 times a second while a broker is away, and
    OpenTelemetry at each batch of spans while the collector is.
    A repeat passes after ten seconds, then after twenty, forty … Transient trouble, as while a group forms,
    is logged only when it lasts."""

    def __init__(self, logger: str) -> None:
        super().__init__()
        self._logger = logger
        self._repeats: dict[object, _Repeat] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(self._logger):
            return True
        repeat, now = self._repeats.get(record.msg), record.created
        if repeat is None or now - repeat.seen_at > _EXPIRY:
            repeat = self._repeats[record.msg] = _Repeat(
                now + _FIRST_INTERVAL if _is_transient(record) else now
            )
        repeat.seen_at = now
        if now < repeat.due_at:
            return False
        repeat.due_at, repeat.interval = now + repeat.interval, repeat.interval * 2
        return True


_FIRST_INTERVAL, _EXPIRY = 10.0, 60.0
"""Seconds: the first interval between repeats, and the silence after which a repeat counts as new."""
_ROUTINE = ("Marking the coordinator dead", "Heartbeat failed for group %s because it is rebalancing")


@dataclass
class _Repeat:
    due_at: float
    """When it may be logged next."""
    interval: float = _FIRST_INTERVAL
    seen_at: float = 0.0


def _is_transient(record: logging.LogRecord) -> bool:
    """Return whether aiokafka expects the trouble to pass: its errors know whether a retry is worthwhile."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    return any(getattr(each, "retriable", False) for each in arguments) or str(record.msg).startswith(
        _ROUTINE
    )


def configure(service: str, level: str) -> None:
    """Configure structlog and logging; called once, at the start of a process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(RepeatFilter("aiokafka"))
    handler.addFilter(RepeatFilter("opentelemetry"))
    handler.addFilter(_Redact())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "aiokafka"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
        logger.setLevel("WARNING")
    structlog.contextvars.bind_contextvars(service=service)
