"""A WebSocket beside ASGI: frames are read and written with no task or queue between.

Server frames are not masked, so a frame is encoded once and written to all recipients. Handshake, pings and
closing stay uvicorn's; only whole frames are written, so they do not interleave.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.websockets import WebSocket

EXTENSION = "parley.connection"
"""Its key in the ASGI scope's extensions."""


class RawConnection(Protocol):
    is_writable: bool
    """Whether the write buffer has room. Frames written nevertheless are buffered without a bound."""

    @property
    def client_address(self) -> str | None:
        """The client's address; None for a Unix socket."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether the close frame was written, or the peer is gone."""
        ...

    def start(
        self,
        on_text: Callable[[str | None], None],
        on_writable: Callable[[], None],
        on_unresponsive: Callable[[], None],
        on_control: Callable[[], None],
    ) -> Awaitable[None]:
        """Receive from now on, instead of by ASGI's `receive`: `on_text` gets each text (None: a binary
        message), `on_writable` is called when `is_writable` becomes true, `on_unresponsive` when a ping was
        not answered in time: close then; the connection is aborted a second later. `on_control` is called for
        each ping, pong and continuation. Messages received before are passed to `on_text` at once. Await the
        result for the disconnect. Drops the request headers."""
        ...

    def pause_reading(self) -> None:
        """Stop reading; messages that have arrived are still passed on."""
        ...

    def resume_reading(self) -> None:
        """Read again after `pause_reading`."""
        ...

    def discard_input(self) -> None:
        """Drop all that arrives from now on, undecoded: the connection is being closed."""
        ...

    def write(self, frame: bytes) -> None: ...

    def close(self, code: int, reason: str) -> None:
        """Send a close frame after what was written."""
        ...

    def abort(self) -> None:
        """Abort the TCP connection; a graceful close would wait for a peer that never reads."""
        ...


def raw_connection(websocket: WebSocket) -> RawConnection:
    """Return the connection of an accepted WebSocket."""
    connection: RawConnection = websocket.scope["extensions"][EXTENSION]
    return connection


def text_frame(text: bytes) -> bytes:
    """Encode one whole, unmasked text frame (RFC 6455, section 5.2)."""
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2) + text
    return b"\x81\x7f" + size.to_bytes(8) + text
