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

from shared.http.connections import closed
from shared.http.websocket_connection import EXTENSION
from shared.http.websocket_handshake import Handshake

_UNREAD_MS = 30_000
_CLOSE_SECONDS = 1.0
"""For the other side of a closing handshake."""
_MAX_FRAGMENTS = 1_024
"""Of one message: `ws_max_size` counts bytes, of which a fragment may have none."""
_PONG = b"\x8a"
"""What the frame begins with."""


class _End:
    """In place of uvicorn's queue (3 KiB), when all that is put there is that the client is gone."""

    def __init__(self, come: asyncio.Future[None]) -> None:
        self.come = come

    def put_nowait(self, _: object) -> None:
        if not self.come.done():
            self.come.set_result(None)


class SocketProtocol(WebSocketsSansIOProtocol):
    """A Line. Who does not even answer pings is cut, by us or by the kernel: a close would wait for it."""

    taking = True
    _heard: Callable[[str | None], None] | None = None
    _takes: Callable[[], None] | None = None
    _unresponsive: Callable[[], None] | None = None
    _owed = b""
    _is_discarding = False
    _paused = False
    """Reading was paused since the last ping: its pong may wait unread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn.__class__ = Handshake  # made by uvicorn; a second one would be a circle that stays for long
        cast("Handshake", self.conn).default_headers = self.default_headers

    @property
    def closed(self) -> bool:
        return self.close_sent or self.disconnected

    def listen(
        self,
        heard: Callable[[str | None], None],
        takes: Callable[[], None],
        unresponsive: Callable[[], None],
    ) -> Awaitable[None]:
        said = [self.queue.get_nowait() for _ in range(self.queue.qsize())]
        end = _End(self.loop.create_future())
        self.queue = end  # type: ignore[assignment]
        self._heard, self._takes, self._unresponsive = heard, takes, unresponsive
        self.scope["headers"] = ()
        del self.scope["extensions"][EXTENSION]  # each would keep the other
        del self.request, self.response
        self.read()
        for message in said:
            if message["type"] == "websocket.receive":
                heard(message.get("text"))
            else:
                end.put_nowait(message)
        return end.come

    def hold(self) -> None:
        if not self.read_paused and not self.transport.is_closing():
            self.read_paused = self._paused = True
            self.transport.pause_reading()

    def read(self) -> None:
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
        self.close_timeout = _CLOSE_SECONDS
        if (connection := transport.get_extra_info("socket")) is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.resume_writing()  # nothing waits for it any more
        self._heard = self._takes = self._unresponsive = None

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
        if self._heard is not None:
            self._heard(text)
            return
        if text is not None:
            self.queue.put_nowait({"type": "websocket.receive", "text": text})
        else:
            self.queue.put_nowait({"type": "websocket.receive", "bytes": data})
        self.hold()  # until the application takes it

    def _fail(self, code: int, reason: str) -> None:
        """What the client sent is no WebSocket message: counted, not logged."""
        if not self.close_sent:
            closed.labels("malformed").inc()
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
        self.read()
        self.loop.call_later(_CLOSE_SECONDS, self.transport.close)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.taking = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self.taking = True
        owed, self._owed = self._owed, b""
        self.write(owed)
        if self._takes is not None:
            self._takes()

    def handle_ping(self) -> None:
        """Of the pings of a client that does not read only the last is to be answered (RFC 6455, section
        5.5.3). What came with it is answered already, too: a close, perhaps."""
        for frame in self.conn.data_to_send():
            if self.taking or frame[:1] != _PONG:
                self.write(frame)
            else:
                self._owed = frame

    async def send(self, message: ASGISendEvent) -> None:
        """An upgrade that was refused with an answer is complete, too: uvicorn logs an error, as if it was
        left open."""
        if message["type"] == "websocket.http.response.start":
            message["headers"] = [*self.default_headers, *message.get("headers", [])]
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True

    def send_keepalive_ping(self) -> None:
        self._paused = self.read_paused
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """No deadline runs while its pong may wait for us to read on."""
        if self._paused:
            self._paused = self.read_paused
            assert self.ping_timeout is not None
            self.pong_timer = self.loop.call_later(self.ping_timeout, self.keepalive_timeout)
            return
        if self._unresponsive is None:
            super().keepalive_timeout()
        elif not self.close_sent:
            self.stop_keepalive()
            self._unresponsive()
        self.loop.call_later(1.0, self.transport.abort)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # not when the handshake was refused
            extensions: Any = self.scope["extensions"]
            extensions[EXTENSION] = self
