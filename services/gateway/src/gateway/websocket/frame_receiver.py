"""Receives one client's texts: decodes each and submits it to the frame handler, or sends an error.

Nothing is handled before `hello` was sent, nor while the handler is full: then reading is paused, and TCP
slows the client down. What has arrived by then waits here, undecoded.
"""

import asyncio
import math
from collections import deque
from functools import partial
from typing import Any

from cachetools import TTLCache

from gateway import metrics
from gateway.commands.command import ClientFrame
from gateway.limits.user_rates import Rate, Usage, UserRates
from gateway.websocket import close_codes, frame_decoder
from gateway.websocket.connection import ClientConnection
from gateway.websocket.frame_handler import FrameHandler
from gateway.websocket.send_buffer import Close
from shared.contract.frames import ErrorFrame
from shared.http.websocket_connection import RawConnection

_good, _bad, _refused = (metrics.frames_received.labels(result) for result in ("good", "bad", "refused"))

_MAX_BAD_FRAMES = 100
_BAD_FRAMES_SECONDS = 10.0


class FrameReceiver:
    def __init__(
        self,
        wire: RawConnection,
        connection: ClientConnection,
        frame_handler: FrameHandler,
        *,
        rates: UserRates,
        max_frame_bytes: int,
    ) -> None:
        self._wire = wire
        self._connection = connection
        self._frame_handler = frame_handler
        self._rates = rates
        self._max_frame_bytes = max_frame_bytes
        self._is_open = False
        self._backlog: deque[str | None] | None = None
        """None while nothing waits and the client is read."""
        self._bad_frames: frame_decoder.SlidingWindow | None = None
        self._bad_conversations: TTLCache[str, None] | None = None
        """Those that the user turned out to have no access to, lately."""
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

    def on_control(self) -> None:
        """A ping, a pong or a continuation."""
        if not self._is_closed:
            self._count_frame_without_effect()

    def open(self) -> None:
        """Handle frames from now on: `hello` was sent."""
        self._is_open = True
        self._resume()

    def close(self) -> None:
        """Drop the backlog: the session ends, or the client sent too many frames."""
        self._is_closed = True
        if self._backlog is not None:
            self._backlog.clear()

    def _resume(self) -> None:
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
            usage = self._rates.spend(self._connection.user, self._frame_handler.rate(frame))
            if usage is not None and usage.is_refused:
                self._refuse(frame, usage)
            else:
                _good.inc()
                task = self._frame_handler.submit(frame)
                task.add_done_callback(partial(self._on_handled, frame))

    def _refuse(self, frame: ClientFrame[Any], usage: Usage) -> None:
        _refused.inc()
        problem, client_id = usage.problem(), getattr(frame, "client_id", None)
        self._connection.put(
            ErrorFrame(
                code=problem.code,
                message=problem.detail,
                client_id=client_id,
                after_ms=math.ceil(1e3 * usage.retry_after),
            )
        )
        self._count_frame_without_effect()

    def _send_error(self, bad_frame: frame_decoder.BadFrame) -> None:
        _bad.inc()
        self._connection.put(bad_frame.error_frame)
        self._count_frame_without_effect()
        self._count_bad_frame()

    def _on_handled(self, frame: ClientFrame[Any], task: asyncio.Task[str | None]) -> None:
        if not task.cancelled() and task.result() == "not_found":
            self._count_not_found(str(getattr(frame, "conversation_id", "")))
        self._resume()

    def _count_not_found(self, conversation: str) -> None:
        """A frame for a conversation that the user has no access to counts as a bad one, but once for each
        conversation: a member who was removed may resend many messages to one."""
        self._bad_conversations = self._bad_conversations or TTLCache(_MAX_BAD_FRAMES, _BAD_FRAMES_SECONDS)
        if conversation not in self._bad_conversations:
            self._bad_conversations[conversation] = None
            self._count_bad_frame()

    def _count_bad_frame(self) -> None:
        self._bad_frames = self._bad_frames or frame_decoder.SlidingWindow(
            _MAX_BAD_FRAMES, _BAD_FRAMES_SECONDS
        )
        if self._bad_frames.hit(asyncio.get_running_loop().time()):
            self._close(close_codes.close_with_retry_after(close_codes.FLOOD))

    def _count_frame_without_effect(self) -> None:
        usage = self._rates.spend(self._connection.user, Rate.FRAMES)
        if usage is not None and usage.is_refused:
            delay = self._rates.half_full_after(self._connection.user, Rate.FRAMES)
            self._close(close_codes.close_with_retry_after(close_codes.TOO_MANY, delay))

    def _close(self, close: Close) -> None:
        self.close()
        self._wire.discard_input()
        self._connection.close(close)
