"""uvicorn's WebSocket protocol, changed where sockets are dear: each is a Line, and what its upgrade needed
goes."""

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
"""For the other side of a closing handshake."""
_MAX_FRAGMENTS = 1_024
"""Of one message: `ws_max_size` counts bytes, of which a fragment may have none."""
_PONG = b"\x8a"
"""What the frame begins with."""


class _DisconnectQueue:
    """In place of uvicorn's queue (3 KiB), when all that is put there is that the client is gone."""

    def __init__(self, come: asyncio.Future[None]) -> None:
        self.disconnected = come

    def put_nowait(self, _: object) -> None:
        if not self.disconnected.done():
            self.disconnected.set_result(None)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A Line. Who does not even answer pings is cut, by us or by the kernel: a close would wait for it."""

    is_writable = True
    _on_text: Callable[[str | None], None] | None = None
    _on_writable: Callable[[], None] | None = None
    _on_unresponsive: Callable[[], None] | None = None
    _pending_pong = b""
    _is_discarding = False
    _was_paused = False
    """Reading was paused since the last ping: its pong may wait unread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # uvicorn made it; replacing the object would leave a reference cycle
        self.conn.__class__ = HandshakeProtocol
        cast("HandshakeProtocol", self.conn).default_headers = self.default_headers

    @property
    def is_closed(self) -> bool:
        return self.close_sent or self.disconnected

    def start(
        self,
        on_text: Callable[[str | None], None],
        on_writable: Callable[[], None],
        on_unresponsive: Callable[[], None],
    ) -> Awaitable[None]:
        received = [self.queue.get_nowait() for _ in range(self.queue.qsize())]
        disconnects = _DisconnectQueue(self.loop.create_future())
        self.queue = disconnects  # type: ignore[assignment]
        self._on_text, self._on_writable, self._on_unresponsive = on_text, on_writable, on_unresponsive
        self.scope["headers"] = ()
        del self.scope["extensions"][EXTENSION]  # each would keep the other
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
            self.transport.resume_reading()

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
        with suppress(ClientDisconnected, RuntimeError):  # it is gone, or closing already
            await self.send({"type": "websocket.close", "code": code, "reason": reason})

    # What uvicorn's protocol does, and a little more

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.close_timeout = _CLOSE_TIMEOUT
        if (connection := transport.get_extra_info("socket")) is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_TIMEOUT_MS)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.resume_writing()  # nothing waits for it any more
        self._on_text = self._on_writable = self._on_unresponsive = None

    def data_received(self, data: bytes) -> None:
        """What websockets answers to a request line or header that is too long (414, 431) uvicorn does not
        send: the client would wait for ever."""
        if self._is_discarding:
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= _MAX_FRAGMENTS:
            self._fail(CloseCode.MESSAGE_TOO_BIG, f"more than {_MAX_FRAGMENTS} fragments")
        elif not self.close_sent:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """A whole message has come."""
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
        """What the client sent is no WebSocket message: counted, not logged."""
        if not self.close_sent:
            connections_closed.labels("malformed").inc()
            self.conn.send_close(code, reason)
            self.handle_parser_exception()

    def handle_parser_exception(self) -> None:
        """Send the close that says why, and read on for a moment without looking: closing with unread bytes
        resets the connection, and the client would lose the code."""
        if (sent := self.conn.close_sent) is None:
            return  # of a handshake, which is answered when its bytes were read
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
        """Of the pings of a client that does not read only the last is to be answered (RFC 6455, section
        5.5.3). What came with it is answered already, too: a close, perhaps."""
        for frame in self.conn.data_to_send():
            if self.is_writable or frame[:1] != _PONG:
                self.write(frame)
            else:
                self._pending_pong = frame

    async def send(self, message: ASGISendEvent) -> None:
        """An upgrade that was refused with an answer is complete, too: uvicorn logs an error, as if it was
        left open."""
        if message["type"] == "websocket.http.response.start":
            message["headers"] = [*self.default_headers, *message.get("headers", [])]
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True

    def send_keepalive_ping(self) -> None:
        self._was_paused = self.read_paused
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """No deadline runs while its pong may wait for us to read on."""
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
