"""What comes in on one client's socket: a text becomes a frame for the inbox, or is answered with an error.

Nothing is handled before the client was greeted, nor while the inbox is full: then the client is not read,
and TCP tells it so. What has arrived by then waits here, unread.
"""

import asyncio
from collections import deque

from gateway import metrics
from gateway.websocket import close_codes, frame_decoder
from gateway.websocket.connection import Socket
from gateway.websocket.frame_handler import Inbox
from shared.http.websocket_connection import RawConnection

_good, _bad = metrics.frames_received.labels("good"), metrics.frames_received.labels("bad")


class Hearing:
    def __init__(self, line: RawConnection, socket: Socket, inbox: Inbox, max_frame: int) -> None:
        self._line = line
        self._socket = socket
        self._inbox = inbox
        self._max_frame = max_frame
        self._open = False
        self._waiting: deque[str | None] | None = None
        self._flood: frame_decoder.Flood | None = None
        self._deaf = False
        """After a flood nothing more is looked at."""
        inbox.roomy = self.go_on

    def hear(self, text: str | None) -> None:
        """None: a message that is no text."""
        if self._deaf:
            return
        if self._waiting is not None or not self._open or self._inbox.full:
            self._waiting = self._waiting or deque()
            self._waiting.append(text)
            self._line.pause_reading()
        else:
            self._handle(text)

    def open(self) -> None:
        """The client was greeted."""
        self._open = True
        self.go_on()

    def go_on(self) -> None:
        """With what waits, as far as there is room."""
        if self._waiting is None:
            return
        while self._waiting and not self._inbox.full:
            self._handle(self._waiting.popleft())
            if self._deaf:
                self._waiting.clear()
        if not self._waiting:
            self._waiting = None
            self._line.resume_reading()

    def _handle(self, text: str | None) -> None:
        try:
            frame = frame_decoder.read(text, self._max_frame)
        except frame_decoder.BadFrame as bad:
            self._refuse(bad)
        else:
            _good.inc()
            self._inbox.put(frame)

    def _refuse(self, bad: frame_decoder.BadFrame) -> None:
        _bad.inc()
        self._socket.put(bad.answer)
        self._flood = self._flood or frame_decoder.Flood()
        if self._flood.another(asyncio.get_running_loop().time()):
            self._deaf = True
            self._socket.close(close_codes.closing(close_codes.FLOOD))
