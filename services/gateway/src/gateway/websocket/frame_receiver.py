"""Receives one client's texts: decodes each and submits it to the frame handler, or sends an error.

Nothing is handled before `hello` was sent, nor while the handler is full: then reading is paused, and TCP
slows the client down. What has arrived by then waits here, undecoded.
"""

import asyncio
from collections import deque

from gateway import metrics
from gateway.websocket import close_codes, frame_decoder
from gateway.websocket.connection import ClientConnection
from gateway.websocket.frame_handler import FrameHandler
from shared.http.websocket_connection import RawConnection

_good, _bad = metrics.frames_received.labels("good"), metrics.frames_received.labels("bad")


class FrameReceiver:
    def __init__(
        self,
        wire: RawConnection,
        connection: ClientConnection,
        frame_handler: FrameHandler,
        *,
        max_frame_bytes: int,
    ) -> None:
        self._wire = wire
        self._connection = connection
        self._frame_handler = frame_handler
        self._max_frame_bytes = max_frame_bytes
        self._is_open = False
        self._backlog: deque[str | None] | None = None
        """None while nothing waits and the client is read."""
        self._bad_frames: frame_decoder.SlidingWindow | None = None
        self._is_closed = False
        """Nothing more is decoded or handled."""

    def on_text(self, text: str | None) -> None:
        """None: a message that is not text."""
        if self._is_closed:
            return
        if self._backlog is not None or not self._is_open or self._frame_handler.is_full:
            self._backlog = self._backlog or deque()
            self._backlog.append(text)
            self._wire.pause_reading()
        else:
            self._handle(text)

    def open(self) -> None:
        """Handle frames from now on: `hello` was sent."""
        self._is_open = True
        self._resume()

    def close(self) -> None:
        """Drop the backlog: the session ends, or the client sent too many bad frames."""
        self._is_closed = True
        if self._backlog is not None:
            self._backlog.clear()

    def _resume(self, _: object = None) -> None:
        """Handle the backlog as far as there is capacity, then read on."""
        if self._backlog is None:
            return
        while self._backlog and not self._frame_handler.is_full:
            self._handle(self._backlog.popleft())
        if not self._backlog:
            self._backlog = None
            self._wire.resume_reading()

    def _handle(self, text: str | None) -> None:
        try:
            frame = frame_decoder.decode(text, self._max_frame_bytes)
        except frame_decoder.BadFrame as bad_frame:
            self._send_error(bad_frame)
        else:
            _good.inc()
            self._frame_handler.submit(frame).add_done_callback(self._resume)

    def _send_error(self, bad_frame: frame_decoder.BadFrame) -> None:
        _bad.inc()
        self._connection.put(bad_frame.error_frame)
        self._bad_frames = self._bad_frames or frame_decoder.SlidingWindow()
        if self._bad_frames.hit(asyncio.get_running_loop().time()):
            self.close()
            self._connection.close(close_codes.close_with_retry_after(close_codes.FLOOD))
