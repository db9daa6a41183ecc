"""What comes in on one client's socket: a text becomes a frame for the inbox, or is answered with an error.

Nothing is handled before the client was greeted, nor while the inbox is full: then the client is not read,
and TCP tells it so. What has arrived by then waits here, unread.
"""

import asyncio
from collections import deque

from gateway import metrics
from gateway.websocket import close_codes, frame_decoder
from gateway.websocket.connection import ClientConnection
from gateway.websocket.frame_handler import FrameHandler
from shared.http.websocket_connection import Line

_good, _bad = metrics.frames_received.labels("good"), metrics.frames_received.labels("bad")


class FrameReceiver:
    def __init__(self, line: Line, socket: ClientConnection, inbox: FrameHandler, max_frame: int) -> None:
        self._line = line
        self._connection = socket
        self._frame_handler = inbox
        self._max_frame = max_frame
        self._open = False
        self._backlog: deque[str | None] | None = None
        self._bad_frames: frame_decoder.SlidingWindow | None = None
        self._muted = False
        """After a flood nothing more is looked at."""
        inbox.on_capacity = self.resume

    def on_text(self, text: str | None) -> None:
        """None: a message that is no text."""
        if self._muted:
            return
        if self._backlog is not None or not self._open or self._frame_handler.is_full:
            self._backlog = self._backlog or deque()
            self._backlog.append(text)
            self._line.hold()
        else:
            self._handle(text)

    def open(self) -> None:
        """The client was greeted."""
        self._open = True
        self.resume()

    def resume(self) -> None:
        """With what waits, as far as there is room."""
        if self._backlog is None:
            return
        while self._backlog and not self._frame_handler.is_full:
            self._handle(self._backlog.popleft())
            if self._muted:
                self._backlog.clear()
        if not self._backlog:
            self._backlog = None
            self._line.read()

    def _handle(self, text: str | None) -> None:
        try:
            frame = frame_decoder.decode(text, self._max_frame)
        except frame_decoder.BadFrame as bad:
            self._send_error(bad)
        else:
            _good.inc()
            self._frame_handler.submit(frame)

    def _send_error(self, bad: frame_decoder.BadFrame) -> None:
        _bad.inc()
        self._connection.put(bad.error_frame)
        self._bad_frames = self._bad_frames or frame_decoder.SlidingWindow()
        if self._bad_frames.hit(asyncio.get_running_loop().time()):
            self._muted = True
            self._connection.close(close_codes.close_with_retry_after(close_codes.FLOOD))
