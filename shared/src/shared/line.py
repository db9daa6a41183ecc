"""A WebSocket's connection itself, beside ASGI: frames go out and come in with no task or queue between.

What a server sends is not masked, so a frame is the same bytes for everybody: it is made once and written to
all. Handshake, pings and closing stay uvicorn's; a line writes whole frames only, so they do not mix.
"""

import asyncio
import socket
from asyncio.transports import BaseTransport
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

from starlette.websockets import WebSocket
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

_LINE = "parley.line"
_UNREAD_MS = 30_000


class Line(Protocol):
    taking: bool
    """Does the connection take more? What is written all the same is buffered without a bound."""

    @property
    def closed(self) -> bool:
        """The close was written, or there is nobody to write to."""
        ...

    def listen(self, heard: Callable[[str | None], None], takes: Callable[[], None]) -> Awaitable[None]:
        """Once accepted, in place of ASGI's `receive`: `heard` gets each text (None: it was no text), `takes`
        is called when `taking` again; await what is returned for the client's end. What came before is heard
        at once. Headers are forgotten."""
        ...

    def hold(self) -> None:
        """Read no more; what has arrived already is heard."""
        ...

    def read(self) -> None:
        """After `hold`."""
        ...

    def write(self, frame: bytes) -> None: ...

    def close(self, code: int, reason: str) -> None:
        """After what was written."""
        ...

    def abort(self) -> None:
        """Cut a peer that does not read. Closing would wait until it had read what is buffered: for ever."""
        ...


def line(websocket: WebSocket) -> Line:
    found: Line = websocket.scope["extensions"][_LINE]
    return found


def text_frame(text: bytes) -> bytes:
    """One whole, unmasked text frame (RFC 6455, section 5.2)."""
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2) + text
    return b"\x81\x7f" + size.to_bytes(8) + text


class _End:
    """In place of uvicorn's queue (3 KiB), when all that is put there is that the client is gone."""

    def __init__(self, come: asyncio.Future[None]) -> None:
        self.come = come

    def put_nowait(self, _: object) -> None:
        if not self.come.done():
            self.come.set_result(None)


class HttpProtocol(HttpToolsProtocol):
    def handle_websocket_upgrade(self) -> None:
        """A parser and its protocol hold one another: 4 KiB, until somebody looks for circles."""
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]


class SocketProtocol(WebSocketsSansIOProtocol):
    """A Line. Who does not even answer pings is cut, by us or by the kernel: a close would wait for it."""

    taking = True
    _heard: Callable[[str | None], None] | None = None
    _takes: Callable[[], None] | None = None

    @property
    def closed(self) -> bool:
        return self.close_sent or self.disconnected

    def listen(self, heard: Callable[[str | None], None], takes: Callable[[], None]) -> Awaitable[None]:
        said = [self.queue.get_nowait() for _ in range(self.queue.qsize())]
        end = _End(self.loop.create_future())
        self.queue = end  # type: ignore[assignment]
        self._heard, self._takes = heard, takes
        self.scope["headers"] = ()
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
            self.read_paused = True
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
        if (connection := transport.get_extra_info("socket")) is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.resume_writing()  # nothing waits for it any more
        self._heard = self._takes = None

    def data_received(self, data: bytes) -> None:
        """What websockets answers to a request line or header that is too long (414, 431) uvicorn does not
        send: the client would wait for ever."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def send_receive_event_to_app(self) -> None:
        """A whole message has come."""
        if self._heard is None or self.close_sent:
            super().send_receive_event_to_app()
            return
        text = None
        if self.curr_msg_data_type == "text":
            try:
                text = b"".join(self.frames).decode()
            except UnicodeDecodeError:
                super().send_receive_event_to_app()  # closes it with 1007
                return
        self.frames = []
        self._heard(text)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.taking = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self.taking = True
        if self._takes is not None:
            self._takes()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(1.0, self.transport.abort)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # not when the handshake was refused
            extensions: Any = self.scope["extensions"]
            extensions[_LINE] = self
