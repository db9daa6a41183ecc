"""What services call to trace, and its twin that does nothing: tracing is off by default."""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Protocol, Self

Attributes = Mapping[str, str | int]
"""By the names of OpenTelemetry's semantic conventions, `parley.*` beside them. Never a text, a user id or a
token: traces leave the deployment."""


class Kind(Enum):
    """Of a span; backends draw their maps of services from it."""

    SERVER = auto()
    PRODUCER = auto()
    CONSUMER = auto()


class Operation(NamedTuple):
    """What the spans of one place in the code have in common."""

    name: str
    kind: Kind
    attributes: Attributes = MappingProxyType({})


class Span(Protocol):
    """One operation on one message, from `start` to `end`. As a context manager it ends with the block, and
    within the block it is the current span: others that start there without a parent become its children, and
    log lines have its `trace_id` and `span_id`."""

    @property
    def traceparent(self) -> str:
        """What a process that continues the trace is given; empty unless the span is recorded."""
        ...

    def rename(self, name: str) -> None: ...

    def set(self, attributes: Attributes) -> None: ...

    def fail(self, error: str) -> None:
        """Mark it as failed. `error`: a class or code, as the text of an error may quote what is personal."""
        ...

    def end(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """An exception fails it, and propagates."""
        ...


class Tracer(Protocol):
    @property
    def is_on(self) -> bool:
        """Constant while the process runs, so that it may be looked up once."""
        ...

    def start(
        self,
        operation: Operation,
        *,
        parent: str = "",
        links: Sequence[str] = (),
        started_at: int | None = None,
    ) -> Span:
        """Start a span below `parent`, a traceparent; without a valid one below the current span; else it
        begins a trace. `links`: traceparents of what else it works on. `started_at`: nanoseconds of POSIX
        time, by default now."""
        ...


class _NoSpan:
    traceparent = ""

    def rename(self, name: str) -> None:
        pass

    def set(self, attributes: Attributes) -> None:
        pass

    def fail(self, error: str) -> None:
        pass

    def end(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


class _NoTracer:
    is_on = False

    def start(
        self,
        operation: Operation,
        *,
        parent: str = "",
        links: Sequence[str] = (),
        started_at: int | None = None,
    ) -> Span:
        return _NO_SPAN


_NO_SPAN: Span = _NoSpan()
NO_TRACER: Tracer = _NoTracer()
"""Records nothing."""
