"""The `traceparent` that carries a trace from process to process (W3C Trace Context).

`tracestate` and `baggage` are not carried: they hold whatever a client likes, and `chat.events` is kept
for good.
"""

import re
from collections.abc import Sequence

from shared.kafka.types import Headers

HEADER = "traceparent"
PATTERN = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
"""Of what Parley writes."""

_written = re.compile(PATTERN)


def of_request(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """Return what a request's raw headers carry; empty for none, and for more than one."""
    given = [value for name, value in headers if name == b"traceparent"]
    return given[0].decode("latin-1") if len(given) == 1 else ""


def of_record(headers: Headers) -> str:
    """Return what the headers of a record carry; empty for none."""
    for name, value in headers:
        if name == HEADER:
            return value.decode("latin-1")
    return ""


def added_to(headers: Headers, traceparent: str) -> Headers:
    """Return the headers of a record that carries `traceparent`; the same ones if that is empty."""
    return (*headers, (HEADER, traceparent.encode())) if traceparent else headers


def trace_id(traceparent: str) -> str:
    """Return the id of the trace; empty when the text is not a traceparent."""
    return traceparent[3:35] if _written.fullmatch(traceparent) else ""
