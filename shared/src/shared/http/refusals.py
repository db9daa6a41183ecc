"""Requests that the HTTP protocol itself refuses, and the responses to them as bytes."""

from collections.abc import Iterable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from shared.http.problems import Problem

MAX_REQUEST_LINE_BYTES = 8 * 1024
MAX_HEAD_BYTES = 16 * 1024
MAX_FIELDS = 100
NO_STORE = (b"cache-control", b"no-store")


def request_line_bytes(method: bytes, url: bytes) -> int:
    """Return the size of the request line in bytes."""
    return len(method) + len(url) + len(b"  HTTP/1.1\r\n")


def head_too_large(method: bytes, url: bytes) -> Problem:
    """Return the Problem for a head beyond a limit; `url` may be incomplete."""
    if request_line_bytes(method, url) > MAX_REQUEST_LINE_BYTES:
        return Problem(
            "too_big", f"the request line is longer than {MAX_REQUEST_LINE_BYTES} bytes", status=414
        )
    detail = f"the head is longer than {MAX_HEAD_BYTES} bytes or has more than {MAX_FIELDS} fields"
    return Problem("too_big", detail, status=431)


def refusal_bytes(problem: Problem, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the last response on a connection, with `headers` besides its own."""
    answer = problem.response()
    fields = [*headers, NO_STORE, *answer.raw_headers, (b"connection", b"close")]
    head = b"".join(b"%s: %s\r\n" % field for field in fields)
    return b"%s%s\r\n%s" % (STATUS_LINE[problem.status], head, bytes(answer.body))
