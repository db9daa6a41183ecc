"""How a process speaks: one JSON object a line on stdout. Never a token, never a message's text."""

import logging
import re
import sys
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
    """aiokafka says the same at each retry, a hundred times a second while a broker is away: once in ten
    seconds is enough."""

    def __init__(self, logger: str) -> None:
        super().__init__()
        self._logger = logger
        self._said: dict[object, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(self._logger):
            return True
        news = record.created - self._said.get(record.msg, 0) >= 10
        if news:
            self._said[record.msg] = record.created
        return news


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
