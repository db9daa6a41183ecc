"""How a process speaks: one JSON object a line on stdout. Never a token, never a message's text."""

import logging
import re
import sys
from dataclasses import dataclass
from typing import Any

import structlog

_SECRET = re.compile(r"((?:token|ticket|access_token)=)[^&\s\"]+")


class _Redact(logging.Filter):
    """uvicorn writes a socket's query string, token and all, even without an access log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):  # what structlog says itself is a dict
            record.msg = _SECRET.sub(r"\1…", record.getMessage())
            record.args = ()
        return True


class Seldom(logging.Filter):
    """aiokafka says the same at each retry, a hundred times a second while a broker is away: a repeat is let
    through after ten seconds, then after twenty, forty … And what passes by itself, as it does while a group
    forms, is said only when it lasts."""

    def __init__(self, logger: str) -> None:
        super().__init__()
        self._logger = logger
        self._troubles: dict[object, _Trouble] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(self._logger):
            return True
        trouble, now = self._troubles.get(record.msg), record.created
        if trouble is None or now - trouble.heard > _OVER:
            trouble = self._troubles[record.msg] = _Trouble(now + _PAUSE if _passes(record) else now)
        trouble.heard = now
        if now < trouble.due:
            return False
        trouble.due, trouble.pause = now + trouble.pause, trouble.pause * 2
        return True


_PAUSE, _OVER = 10.0, 60.0
"""Seconds: the first silence, and the silence after which a trouble is a new one."""
_ROUTINE = ("Marking the coordinator dead", "Heartbeat failed for group %s because it is rebalancing")


@dataclass
class _Trouble:
    due: float
    """When it may be said (again)."""
    pause: float = _PAUSE
    heard: float = 0.0


def _passes(record: logging.LogRecord) -> bool:
    """Whether aiokafka itself expects it to pass: its errors say whether they are worth a retry."""
    said = record.args if isinstance(record.args, tuple) else ()
    return any(getattr(each, "retriable", False) for each in said) or str(record.msg).startswith(_ROUTINE)


def configure(service: str, level: str) -> None:
    """Once, at the start of a process."""
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
    handler.addFilter(Seldom("aiokafka"))
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
