"""A WebSocket's connection itself, beside ASGI: frames go out and come in with no task or queue between.

What a server sends is not masked, so a frame is the same bytes for everybody: it is made once and written to
all. Handshake, pings and closing stay uvicorn's; a line writes whole frames only, so they do not mix.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.websockets import WebSocket

EXTENSION = "parley.line"
"""Where an ASGI scope has it."""


class RawConnection(Protocol):
    is_writable: bool
    """Does the connection take more? What is written all the same is buffered without a bound."""

    @property
    def is_closed(self) -> bool:
        """The close was written, or there is nobody to write to."""
        ...

    def start(
        self,
        on_text: Callable[[str | None], None],
        on_writable: Callable[[], None],
        on_unresponsive: Callable[[], None],
    ) -> Awaitable[None]:
        """Once accepted, in place of ASGI's `receive`: `heard` gets each text (None: it was no text), `takes`
        is called when `taking` again, `unresponsive` when a ping was not answered in time: close it then, it
        is cut soon after. Await what is returned for the client's end. What came before is heard at once.
        Headers are forgotten."""
        ...

    def pause_reading(self) -> None:
        """Read no more; what has arrived already is heard."""
        ...

    def resume_reading(self) -> None:
        """After `hold`."""
        ...

    def write(self, frame: bytes) -> None: ...

    def close(self, code: int, reason: str) -> None:
        """After what was written."""
        ...

    def abort(self) -> None:
        """Cut a peer that does not read. Closing would wait until it had read what is buffered: for ever."""
        ...


def raw_connection(websocket: WebSocket) -> RawConnection:
    found: RawConnection = websocket.scope["extensions"][EXTENSION]
    return found


def text_frame(text: bytes) -> bytes:
    """One whole, unmasked text frame (RFC 6455, section 5.2)."""
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2) + text
    return b"\x81\x7f" + size.to_bytes(8) + text
