"""uvicorn's HTTP protocol with bounds: on request heads, on silent connections and on answers nobody reads.

What does not belong to a request's body (request line, fields, trailers, chunk extensions) is counted by its
bytes as it arrives, so that none of it is kept or parsed beyond the limit. What a client gets wrong is
counted and answered as a problem document, never logged.
"""

import asyncio
from contextlib import suppress
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.http.connections import Connections, Timeouts, closed
from shared.http.problems import Problem
from shared.http.refusals import (
    MAX_FIELDS,
    MAX_HEAD,
    MAX_REQUEST_LINE,
    NO_STORE,
    request_line,
    response,
    too_large,
)
from shared.http.unread_answers import UnreadAnswer

_BODY = (b"content-length", b"transfer-encoding")
_LONG_URL = MAX_REQUEST_LINE - 64
"""A shorter one makes no request line too long."""
_LINGER_SECONDS = 1.0
"""A refused client gets so long to read why; what it goes on sending is discarded."""


class HttpProtocol(HttpToolsProtocol):
    def __init__(
        self, *args: Any, open_connections: Connections, timeouts: Timeouts, private: str, **kwargs: Any
    ) -> None:
        """Answers below the path `private` are `no-store`."""
        super().__init__(*args, **kwargs)
        self.url = b""
        self._open = open_connections
        self._timeouts = timeouts
        self._private = private
        self._in_head = True
        self._hosts = 0
        self._overhead = 0
        """Bytes since the last whole head, piece of a body, or end of a message."""
        self._advanced = False
        """One of these came with the bytes being parsed."""
        self._declined = False
        """The head asks for an upgrade that is not taken."""
        self._fault: Problem | None = None
        self._refused = False

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._unread = UnreadAnswer(transport, self._timeouts.unread)
        self._open.idle(self)
        self._open.make_room(self, len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._open.gone(self)
        self._unread.stop()

    def time_out(self) -> None:
        closed.labels("timeout").inc()
        if self._refused:
            self.transport.abort()
        elif self._in_head and self._overhead:
            seconds = f"{self._timeouts.head:g}"
            self._refuse(Problem("bad_request", f"no whole head within {seconds} s", status=408))
        else:
            self.transport.close()
            self._unread.watch()

    def give_way(self, *, newest: bool) -> None:
        if newest:
            self._refuse(Problem("unavailable", "too many connections; try again later"))
        else:
            self.transport.abort()

    # What arrives

    def data_received(self, data: bytes) -> None:
        start = 0
        while start < len(data) and self.parser is not None and not self._refused:
            end = start + MAX_HEAD - self._overhead
            self._parse(data[start:end])
            start = end

    def _parse(self, data: bytes) -> None:
        self._advanced = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._declined:
                self._parse_as_request(data[upgrade.args[0] :])
            elif self._should_upgrade():
                self.handle_websocket_upgrade()
        except httptools.HttpParserError:
            fault = self._fault or Problem("bad_request", "this is not HTTP/1.1")
            closed.labels("head_too_large" if fault.code == "too_big" else "malformed").inc()
            self._refuse(fault)
        else:
            if self._advanced:
                self._overhead = 0
            else:
                self._count(len(data))

    def _count(self, size: int) -> None:
        """Bytes that ended nothing."""
        if self._in_head and not self._overhead and not self._responding:
            self._open.idle(self)
        self._overhead += size
        if len(self.url) > MAX_REQUEST_LINE or self._overhead >= MAX_HEAD:
            closed.labels("head_too_large").inc()
            self._refuse(too_large(self.parser.get_method(), self.url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # a trailer, which must not pass for a field of the head
        name, value = name.lower(), value.rstrip(b" \t")
        if name == b"host":
            self._hosts += 1
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        method = self.parser.get_method()
        odd = self._hosts != 1 or method == b"CONNECT"
        if odd or len(self.headers) > MAX_FIELDS or len(self.url) > _LONG_URL:
            self._fault = self._broken_rule()
            if self._fault is not None:
                raise ValueError  # ends the parser; the fault is answered there
        self._hosts = 0
        self.scope["method"] = method.decode("ascii")
        self._declined = self.parser.should_upgrade() and not self._should_upgrade()
        if self._declined:
            return  # parsed again, as an ordinary request
        self._in_head, self._advanced = False, True
        self._open.busy(self)
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before and self.scope["path"].startswith(self._private):
            self.cycle.default_headers = [*self.cycle.default_headers, NO_STORE]

    def on_body(self, body: bytes) -> None:
        self._advanced = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._declined:
            return
        self._in_head = self._advanced = True
        super().on_message_complete()

    def _broken_rule(self) -> Problem | None:
        """Of RFC 9112 or of the limits, which a whole head may break."""
        line = request_line(self.parser.get_method(), self.url)
        if line > MAX_REQUEST_LINE or len(self.headers) > MAX_FIELDS:
            return too_large(self.parser.get_method(), self.url)
        if self._hosts > 1 or (self._hosts == 0 and self.parser.get_http_version() != "1.0"):
            return Problem("bad_request", "one Host header is needed")
        if self.parser.get_method() == b"CONNECT":
            return Problem("bad_request", "this is not a proxy")
        return None

    # Upgrades

    def _should_upgrade(self) -> bool:
        """An upgrade by another method is an ordinary request (RFC 6455, section 4.1)."""
        return self.scope["method"] == "GET" and super()._should_upgrade()

    def _parse_as_request(self, rest: bytes) -> None:
        """Parse the head again without `Upgrade`. The parser takes whatever follows an upgrade for another
        protocol: it would pass over the body, and then take that for the next request."""
        self._declined = False
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
        """A parser and its protocol hold one another: 4 KiB, until somebody looks for circles."""
        if not self.url.isascii():
            closed.labels("malformed").inc()
            self._refuse(Problem("bad_request", "the URL is not percent-encoded"))
            return
        if any(name in _BODY and value != b"0" for name, value in self.headers):
            self._refuse(Problem("bad_request", "an upgrade has no body"))
            return
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]

    # What is answered

    def on_response_complete(self) -> None:
        """As uvicorn does it, but for its timer: an idle connection is ended with all others."""
        self.server_state.total_requests += 1
        if self.transport.get_write_buffer_size():
            self._unread.watch()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._open.idle(self)

    @property
    def _responding(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.watch()

    def _refuse(self, problem: Problem) -> None:
        """Answer and close; what is under way and whole is answered instead."""
        self._refused = True
        if self._responding:
            if not self.cycle.more_body:
                self.cycle.keep_alive = False
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started or self.pipeline:
                self.transport.close()
                self._unread.watch()
                return
        self.transport.write(response(problem, self.server_state.default_headers))
        self._linger()

    def _linger(self) -> None:
        """Closing with unread bytes resets the connection, and the client would lose the answer."""
        self._open.idle(self)  # a newcomer is worth more
        self.flow.resume_reading()
        with suppress(OSError):  # the client is gone already
            self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)
