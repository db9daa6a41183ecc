"""uvicorn's HTTP protocol with bounds on request heads, idle connections and unread responses.

Bytes outside a request's body (request line, fields, trailers, chunk extensions) are counted as they arrive,
so that none are kept or parsed beyond the limit. Malformed requests are counted and answered with a problem
document, never logged.
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from shared.http.connections import (
    AddressConnections,
    ConnectionLimiter,
    Timeouts,
    connections_closed,
)
from shared.http.problems import Problem
from shared.http.refusals import (
    MAX_FIELDS,
    MAX_HEAD_BYTES,
    MAX_REQUEST_LINE_BYTES,
    NO_STORE,
    head_too_large,
    refusal_bytes,
    request_line_bytes,
)
from shared.http.unread_answers import UnreadResponse
from shared.runtime import security_events

_BODY = (b"content-length", b"transfer-encoding")
_LONG_URL = MAX_REQUEST_LINE_BYTES - 64
"""A request line with a shorter URL is never too long."""
_SLICE_BYTES = 2 * 1024
"""Parsed at a time: at most 120 requests, of which all but one wait."""
_CLOSE = (b"connection", b"close")
_LINGER_TIMEOUT = 1.0
"""Seconds for a refused client to read the response; what it goes on sending is discarded."""


class _Flow(FlowControl):
    """Keeps reading paused while pipelined requests wait: uvicorn resumes it after every response, and for
    every body."""

    def __init__(self, transport: asyncio.Transport, waiting: Collection[object]) -> None:
        """`waiting`: the requests that wait at any time."""
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        if not self._waiting:
            super().resume_reading()


class HttpProtocol(HttpToolsProtocol):
    def __init__(
        self,
        *args: Any,
        open_connections: ConnectionLimiter,
        timeouts: Timeouts,
        private_paths: tuple[str, ...],
        address_connections: AddressConnections | None,
        **kwargs: Any,
    ) -> None:
        """Responses below `private_paths` are `no-store`."""
        super().__init__(*args, **kwargs)
        self.url = b""
        self._connections = open_connections
        self._timeouts = timeouts
        self._private_paths = private_paths
        self._address_connections = address_connections
        self._in_head = True
        self._host_count = 0
        self._overhead = 0
        """Bytes since the last complete head, piece of a body, or end of a message."""
        self._made_progress = False
        """Whether the bytes being parsed complete one of these."""
        self._upgrade_declined = False
        """Whether the head requests an upgrade that is declined."""
        self._unparsed = b""
        """Received, and left until no request waits."""
        self._fault: Problem | None = None
        self._refused = False
        self._running: RequestResponseCycle | None = None
        """Is answered now or was answered last; of pipelined requests `cycle` is the newest."""

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport, self.pipeline)
        self._unread = UnreadResponse(transport, self._timeouts.unread)
        self._connections.mark_idle(self)
        self._connections.evict_excess(self, len(self.connections))
        if self._address_connections is not None and self.client is not None:
            self._count_address(self._address_connections, self.client[0])

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unparsed = b""
        if self._running is not None:
            _disconnect(self._running)
        self.pipeline.clear()
        self._connections.discard(self)
        self._release_address()
        self._unread.stop()

    def _count_address(self, connections: AddressConnections, address: str) -> None:
        if not connections.acquire(self, address):
            refusal = Problem("too_many", "too many connections from your address; close some")
            security_events.record("429", client=address, reason=refusal.detail)
            self._refuse(refusal)

    def _release_address(self) -> None:
        """Stop counting the connection against its address: it is closed, or belongs to a user."""
        if self._address_connections is not None:
            self._address_connections.release(self)

    def on_timeout(self) -> None:
        connections_closed.labels("timeout").inc()
        if self._refused:
            self.transport.abort()
        elif self._in_head and self._overhead:
            seconds = f"{self._timeouts.head:g}"
            self._refuse(Problem("bad_request", f"no whole head within {seconds} s", status=408))
        else:
            self.transport.close()
            self._unread.watch()

    def on_evicted(self, *, newest: bool) -> None:
        if newest:
            self._refuse(Problem("unavailable", "too many connections; try again later"))
        else:
            self.transport.abort()

    # Input

    def data_received(self, data: bytes) -> None:
        """Parse in slices, and none while a request waits for the response to another: a parsed request takes
        a hundred times its bytes."""
        if self._unparsed:
            self._unparsed += data
            return
        start = 0
        while start < len(data) and self._may_parse:
            end = start + min(_SLICE_BYTES, MAX_HEAD_BYTES - self._overhead)
            self._parse(data[start:end])
            start = end
        if self.pipeline and not self._refused:
            self._unparsed = data[start:]

    @property
    def _may_parse(self) -> bool:
        return self.parser is not None and not (self._refused or self.pipeline)

    def _parse_rest(self) -> None:
        if self._unparsed and self._may_parse:
            data, self._unparsed = self._unparsed, b""
            self.data_received(data)

    def _parse(self, data: bytes) -> None:
        self._made_progress = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._upgrade_declined:
                self._parse_as_request(data[upgrade.args[0] :])
            elif self._should_upgrade():
                self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            fault = self._fault or Problem("bad_request", "this is not HTTP/1.1")
            connections_closed.labels("head_too_large" if fault.code == "too_big" else "malformed").inc()
            self._refuse(fault)
        else:
            if self._made_progress:
                self._overhead = 0
            else:
                self._count(len(data))

    def _count(self, size: int) -> None:
        """Count bytes that completed nothing."""
        if self._in_head and not self._overhead and not self._is_responding:
            self._connections.mark_idle(self)
        self._overhead += size
        if len(self.url) > MAX_REQUEST_LINE_BYTES or self._overhead >= MAX_HEAD_BYTES:
            connections_closed.labels("head_too_large").inc()
            self._refuse(head_too_large(self.parser.get_method(), self.url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # a trailer must not count as a header field
        name, value = name.lower(), value.rstrip(b" \t")
        if name == b"host":
            self._host_count += 1
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        method = self.parser.get_method()
        odd = self._host_count != 1 or method == b"CONNECT"
        if odd or len(self.headers) > MAX_FIELDS or len(self.url) > _LONG_URL:
            self._fault = self._violation()
            if self._fault is not None:
                raise ValueError  # ends the parser; the fault is answered there
        self._host_count = 0
        self.scope["method"] = method.decode("ascii")
        self._upgrade_declined = self.parser.should_upgrade() and not self._should_upgrade()
        if self._upgrade_declined:
            return  # parsed again, as an ordinary request
        self._in_head, self._made_progress = False, True
        self._connections.mark_busy(self)
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before and self.scope["path"].startswith(self._private_paths):
            self.cycle.default_headers = [*self.cycle.default_headers, NO_STORE]
        if self.cycle is not before and self._connections.is_closing:
            self.cycle.default_headers = [*self.cycle.default_headers, _CLOSE]

    def on_body(self, body: bytes) -> None:
        self._made_progress = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._upgrade_declined:
            return
        self._in_head = self._made_progress = True
        super().on_message_complete()

    def _violation(self) -> Problem | None:
        """Return the violation of RFC 9112 or of a limit by a complete head, if any."""
        line = request_line_bytes(self.parser.get_method(), self.url)
        if line > MAX_REQUEST_LINE_BYTES or len(self.headers) > MAX_FIELDS:
            return head_too_large(self.parser.get_method(), self.url)
        if self._host_count > 1 or (self._host_count == 0 and self.parser.get_http_version() != "1.0"):
            return Problem("bad_request", "one Host header is needed")
        if self.parser.get_method() == b"CONNECT":
            return Problem("bad_request", "this is not a proxy")
        return None

    # Upgrades

    def _should_upgrade(self) -> bool:
        """Treat an upgrade by another method as an ordinary request (RFC 6455, section 4.1)."""
        return self.scope["method"] == "GET" and super()._should_upgrade()

    def _parse_as_request(self, rest: bytes) -> None:
        """Parse the head again without `Upgrade`. Behind an upgrade the parser expects another protocol: it
        would skip the body and then parse it as the next request."""
        self._upgrade_declined = False
        line = b"%s %s HTTP/%s\r\n" % (
            self.parser.get_method(),
            self.url,
            self.parser.get_http_version().encode(),
        )
        fields = [b"%s: %s\r\n" % field for field in self.headers if field[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._overhead = 0
        self._parse(b"".join([line, *fields, b"\r\n", rest]))

    def handle_websocket_upgrade(self) -> None:
        """Hand over to the WebSocket protocol, and drop the parser: with its protocol it forms a reference
        cycle of 4 KiB. Responses that are still due would be written among the frames, without flow control:
        then the upgrade is refused."""
        if self._is_responding:
            self._refuse(Problem("bad_request", "an upgrade must wait for the responses before it"))
            return
        if not self.url.isascii():
            connections_closed.labels("malformed").inc()
            self._refuse(Problem("bad_request", "the URL is not percent-encoded"))
            return
        if any(name in _BODY and value != b"0" for name, value in self.headers):
            self._refuse(Problem("bad_request", "an upgrade has no body"))
            return
        self._release_address()
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]

    # Output

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Do as uvicorn does, without its timer: idle connections are closed by the ConnectionLimiter."""
        self.server_state.total_requests += 1
        if self.cycle.scope.get("user") is not None:
            self._release_address()
        if self.transport.get_write_buffer_size():
            self._unread.watch()
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._connections.mark_idle(self)
        self._parse_rest()
        self.flow.resume_reading()

    @property
    def _is_responding(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.watch()

    def _refuse(self, problem: Problem) -> None:
        """Answer with the problem and close; a complete request in progress is answered instead."""
        self._refused = True
        if self._is_responding:
            if not self.cycle.more_body:
                self.cycle.keep_alive = False
                return
            _disconnect(self.cycle)
            if self.cycle.response_started or self.pipeline:
                self.transport.close()
                self._unread.watch()
                return
        self.transport.write(refusal_bytes(problem, self.server_state.default_headers))
        self._linger()

    def _linger(self) -> None:
        """Discard input for a moment: closing with unread bytes resets the connection, and the client would
        lose the response."""
        self._connections.mark_idle(self)  # first to be evicted
        self.flow.resume_reading()
        with suppress(OSError):  # disconnected already
            self.transport.write_eof()
        self.loop.call_later(_LINGER_TIMEOUT, self.transport.abort)


def _disconnect(cycle: RequestResponseCycle) -> None:
    """Have its application see a disconnect, and write nothing more: the transport of uvloop raises
    RuntimeError once it is closed or has sent EOF."""
    cycle.disconnected = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()
