"""Runs the commands that one client sent as frames: a bounded number in flight, enqueued in the order they
came.

A frame is in flight until it is acknowledged. Confirmations are awaited concurrently: a slow broker round is
not paid once per message.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import structlog

from gateway.commands.command import ClientFrame, FrameCommand
from gateway.commands.outcomes import outcomes_of
from gateway.limits.user_rates import Rate
from gateway.websocket.auth_frame import AuthFrame
from gateway.websocket.connection import ClientConnection
from gateway.websocket.socket_credentials import SocketCredentials
from shared.contract.frames import ErrorFrame
from shared.http.problems import Problem
from shared.kafka import Unconfirmed
from shared.tracing.port import Kind, Operation, Tracer

log = structlog.get_logger()

MAX_IN_FLIGHT = 128

FrameCommands = Mapping[type[ClientFrame[Any]], FrameCommand[Any]]
"""The command of each frame, `auth` excepted."""


class SocketTracing(NamedTuple):
    """How the frames of one socket are traced."""

    tracer: Tracer
    traceparent: str
    """Of the upgrade: its trace goes on in the frames. Empty: each frame begins a trace."""


class FrameHandler:
    def __init__(
        self,
        connection: ClientConnection,
        commands: FrameCommands,
        credentials: SocketCredentials,
        tracing: SocketTracing | None = None,
    ) -> None:
        self._connection = connection
        self._tracing = tracing
        self._commands = commands
        self._credentials = credentials
        self._order_lock = asyncio.Lock()
        """Taken in the order of waiting."""
        self._in_flight: set[asyncio.Task[str | None]] = set()

    @property
    def is_full(self) -> bool:
        return len(self._in_flight) >= MAX_IN_FLIGHT

    def rate(self, frame: ClientFrame[Any]) -> Rate:
        """The limit that the frame counts against."""
        return Rate.CALLS if isinstance(frame, AuthFrame) else self._commands[type(frame)].rate

    def submit(self, frame: ClientFrame[Any]) -> asyncio.Task[str | None]:
        """Start handling; the task never fails, and returns the code of the error that was sent, if any. Call
        only while it is not full."""
        handling = self._handle(frame) if self._tracing is None else self._trace(self._tracing, frame)
        task = asyncio.create_task(handling)
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)
        return task

    async def drained(self) -> None:
        """Return once nothing is in flight; set a deadline."""
        while self._in_flight:
            await asyncio.wait(self._in_flight)

    async def _trace(self, tracing: SocketTracing, frame: ClientFrame[Any]) -> str | None:
        operation = Operation(f"frame {frame.type}", Kind.SERVER, {"parley.frame.type": frame.type})
        with tracing.tracer.start(operation, parent=tracing.traceparent) as span:
            code = await self._handle(frame)
            if code == "unavailable":
                span.fail(code)
            elif code is not None:
                span.set({"error.type": code})
        return code

    async def _handle(self, frame: ClientFrame[Any]) -> str | None:
        try:
            async with self._order_lock:
                if not self._credentials.are_valid or self._connection.is_revoked:
                    return None
                if isinstance(frame, AuthFrame):
                    self._connection.put_json(await self._credentials.renew(frame))
                    return None
                acknowledgement = await self._commands[type(frame)].submit(self._connection.user, frame)
            if acknowledgement is not None:
                self._connection.put_json(await acknowledgement)
            self._count(frame, None)
        except Exception as error:
            self._count(frame, error)
            return self._send_error(error, getattr(frame, "client_id", None))
        return None

    def _count(self, frame: ClientFrame[Any], error: Exception | None) -> None:
        if not isinstance(frame, AuthFrame):
            outcomes_of(self._commands[type(frame)].docs.operation).count(error)

    def _send_error(self, error: Exception, client_id: str | None) -> str:
        match error:
            case Problem():
                code, message = error.code, error.detail
            case Unconfirmed():
                code, message = "unavailable", "not confirmed; send it again with the same clientId"
            case _:
                log.error("frame.failed", exc_info=error)
                code, message = "unavailable", "internal server error"
        self._connection.put(ErrorFrame(code=code, message=message, client_id=client_id))
        return code
