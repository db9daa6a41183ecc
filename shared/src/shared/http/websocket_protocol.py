"""uvicorn's WebSocket protocol with bounds, as a RawConnection; memory of the handshake is released."""

import asyncio
import socket
from asyncio.transports import BaseTransport
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

from shared.http.connections import connections_closed
from shared.http.websocket_connection import EXTENSION
from shared.http.websocket_handshake import HandshakeProtocol

_UNACKNOWLEDGED_TIMEOUT_MS = 30_000
_CLOSE_TIMEOUT = 1.0
"""Seconds for the peer's side of the closing handshake."""
_MAX_FRAGMENTS = 1_024
"""Per message: `ws_max_size` counts bytes, and a fragment may be empty."""
_MAX_FRAMES_PER_TURN = 64
"""Of one connection, before the event loop serves others; a slice of frames more at most."""
_SLICE_BYTES = 1_024
"""Parsed at a time: at most 170 frames."""
_PONG = b"\x8a"
"""First byte of a pong frame."""


class _DisconnectQueue:
    """Replaces uvicorn's queue (3 KiB) once only the disconnect is put there."""

    def __init__(self, disconnected: asyncio.Future[None]) -> None:
        self.disconnected = disconnected

    def put_nowait(self, _: object) -> None:
        if not self.disconnected.done():
            self.disconnected.set_result(None)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A RawConnection. A peer that does not answer pings is aborted, by us or by the kernel: a close
    handshake would wait for it."""

    is_writable = True
    _on_text: Callable[[str | None], None] | None = None
    _on_writable: Callable[[], None] | None = None
    _on_unresponsive: Callable[[], None] | None = None
    _on_control: Callable[[], None] | None = None
    _pending_pong = b""
    _is_discarding = False
    _unparsed = b""
    """Received, and left for the next turn of the event loop."""
    _is_parsing_soon = False
    _frames_this_turn = 0
    _was_paused = False
    """Reading was paused since the last ping: its pong may wait unread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # uvicorn made it; replacing the object would leave a reference cycle
        self.conn.__class__ = HandshakeProtocol
        cast("HandshakeProtocol", self.conn).default_headers = self.default_headers

    @property
    def client_address(self) -> str | None:
        address = self.scope.get("client")
        return address[0] if address else None

    @property
    def is_closed(self) -> bool:
        return self.close_sent or self.disconnected

    def start(
        self,
        on_text: Callable[[str | None], None],
        on_writable: Callable[[], None],
        on_unresponsive: Callable[[], None],
        on_control: Callable[[], None],
    ) -> Awaitable[None]:
        received = [self.queue.get_nowait() for _ in range(self.queue.qsize())]
        disconnects = _DisconnectQueue(self.loop.create_future())
        self.queue = disconnects  # type: ignore[assignment]
        self._on_text, self._on_writable = on_text, on_writable
        self._on_unresponsive, self._on_control = on_unresponsive, on_control
        self.scope["headers"] = ()
        del self.scope["extensions"][EXTENSION]  # a reference cycle
        del self.request, self.response
        self.resume_reading()
        for message in received:
            if message["type"] == "websocket.receive":
                on_text(message.get("text"))
            else:
                disconnects.put_nowait(message)
        return disconnects.disconnected

    def pause_reading(self) -> None:
        if not self.read_paused and not self.transport.is_closing():
            self.read_paused = self._was_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self.read_paused and not self.transport.is_closing():
            self.read_paused = False
            self._parse_rest_soon()
            if not self._unparsed:
                self.transport.resume_reading()

    def discard_input(self) -> None:
        self._is_discarding = True

    def write(self, frame: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(frame)

    def close(self, code: int, reason: str) -> None:
        task = self.loop.create_task(self._close(code, reason))
        self.tasks.add(task)
        task.add_done_callback(self.on_task_complete)

    def abort(self) -> None:
        self.transport.abort()

    async def _close(self, code: int, reason: str) -> None:
        with suppress(ClientDisconnected, RuntimeError):  # disconnected, or closing already
            await self.send({"type": "websocket.close", "code": code, "reason": reason})
            self._parse_rest_soon()  # the client's close may be in it

    # Overridden methods of uvicorn's protocol

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.close_timeout = _CLOSE_TIMEOUT
        if (connection := transport.get_extra_info("socket")) is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_TIMEOUT_MS)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.resume_writing()  # nothing is left to wait for
        self._on_text = self._on_writable = self._on_unresponsive = self._on_control = None

    def data_received(self, data: bytes) -> None:
        """Parse in slices, so that thousands of small frames that arrived together take several turns of the
        event loop, and none while reading is paused."""
        if self._is_discarding:
            return
        if self._unparsed:
            self._unparsed += data
            return
        parsed = self._frames_this_turn = 0
        while parsed < len(data) and self._may_parse_on:
            self._parse(data[parsed : parsed + _SLICE_BYTES])
            parsed += _SLICE_BYTES
        if parsed < len(data) and not (self._is_discarding or self.transport.is_closing()):
            self._unparsed = data[parsed:]
            self.transport.pause_reading()
            self._parse_rest_soon()

    @property
    def _is_held(self) -> bool:
        """Whether `resume_reading` will parse the rest; before `start` others resume, too."""
        return self._on_text is not None and self.read_paused

    @property
    def _may_parse_on(self) -> bool:
        return self._frames_this_turn < _MAX_FRAMES_PER_TURN and not (self._is_held or self._is_discarding)

    def _parse_rest_soon(self) -> None:
        if self._unparsed and not (self._is_parsing_soon or self._is_held):
            self._is_parsing_soon = True
            self.loop.call_soon(self._parse_rest)

    def _parse_rest(self) -> None:
        self._is_parsing_soon = False
        if self._is_held:
            return
        data, self._unparsed = self._unparsed, b""
        self.data_received(data)
        if not (self._unparsed or self.read_paused or self.transport.is_closing()):
            self.transport.resume_reading()

    def _parse(self, data: bytes) -> None:
        """Send what websockets answers to a request line or header that is too long (414, 431): uvicorn does
        not, and the client would wait without end."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_text(self, event: Frame) -> None:
        self._frames_this_turn += 1
        super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        self._frames_this_turn += 1
        super().handle_bytes(event)

    def handle_pong(self, event: Frame) -> None:
        self._count_control()
        super().handle_pong(event)

    def _count_control(self) -> None:
        self._frames_this_turn += 1
        if self._on_control is not None:
            self._on_control()

    def handle_cont(self, event: Frame) -> None:
        self._count_control()
        if len(self.frames) >= _MAX_FRAGMENTS:
            self._fail(CloseCode.MESSAGE_TOO_BIG, f"more than {_MAX_FRAGMENTS} fragments")
        elif not self.close_sent:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Pass on a complete message."""
        data, self.frames = b"".join(self.frames), []
        if self.close_sent:
            return
        text = None
        if self.curr_msg_data_type == "text":
            try:
                text = data.decode()
            except UnicodeDecodeError:
                self._fail(CloseCode.INVALID_DATA, "text is not UTF-8")
                return
        if self._on_text is not None:
            self._on_text(text)
            return
        if text is not None:
            self.queue.put_nowait({"type": "websocket.receive", "text": text})
        else:
            self.queue.put_nowait({"type": "websocket.receive", "bytes": data})
        self.pause_reading()  # until the application takes it

    def _fail(self, code: int, reason: str) -> None:
        """Close because of an invalid message: counted, not logged."""
        if not self.close_sent:
            connections_closed.labels("malformed").inc()
            self.conn.send_close(code, reason)
            self.handle_parser_exception()

    def handle_parser_exception(self) -> None:
        """Send the close frame, and discard input for a moment: closing with unread bytes resets the
        connection, and the client would lose the code."""
        if (sent := self.conn.close_sent) is None:
            return  # during the handshake, which is answered by data_received
        self.queue.put_nowait({"type": "websocket.disconnect", "code": sent.code, "reason": sent.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = self._is_discarding = True
        self.stop_keepalive()
        self.resume_reading()
        self.loop.call_later(_CLOSE_TIMEOUT, self.transport.close)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.is_writable = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self.is_writable = True
        owed, self._pending_pong = self._pending_pong, b""
        self.write(owed)
        if self._on_writable is not None:
            self._on_writable()

    def handle_ping(self) -> None:
        """Answer only the last ping of a client that does not read (RFC 6455, section 5.5.3). Other frames,
        such as a close, are written at once."""
        self._count_control()
        for frame in self.conn.data_to_send():
            if self.is_writable or frame[:1] != _PONG:
                self.write(frame)
            else:
                self._pending_pong = frame

    async def send(self, message: ASGISendEvent) -> None:
        """Complete an upgrade that was refused with a response; uvicorn would log it as left open."""
        if message["type"] == "websocket.http.response.start":
            message["headers"] = [*self.default_headers, *message.get("headers", [])]
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True

    def send_keepalive_ping(self) -> None:
        self._was_paused = self.read_paused
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """Extend the deadline while the pong may be unread because reading is paused."""
        if self._was_paused:
            self._was_paused = self.read_paused
            assert self.ping_timeout is not None
            self.pong_timer = self.loop.call_later(self.ping_timeout, self.keepalive_timeout)
            return
        if self._on_unresponsive is None:
            super().keepalive_timeout()
        elif not self.close_sent:
            self.stop_keepalive()
            self._on_unresponsive()
        self.loop.call_later(1.0, self.transport.abort)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # not when the handshake was refused
            extensions: Any = self.scope["extensions"]
            extensions[EXTENSION] = self
