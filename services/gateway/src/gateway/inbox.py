"""What one client said and is not answered yet: bounded, and brought into the log in the order it came.

A frame keeps its room until it is answered. Confirmations are awaited side by side: one slow broker round is
not paid per message.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import assert_never

import structlog

from gateway.membership import Membership
from gateway.reads import Reads
from gateway.sending import Sending, Sent
from gateway.socket import Socket
from shared.frames import AcceptedFrame, ClientFrame, ErrorFrame, MoveRead, SendMessage
from shared.kafka import Unconfirmed
from shared.problems import Problem, not_found

log = structlog.get_logger()

_ROOM = 128


class Inbox:
    def __init__(self, socket: Socket, sending: Sending, membership: Membership, reads: Reads) -> None:
        self.roomy: Callable[[], None] = lambda: None
        """Called when something was answered."""
        self._socket = socket
        self._sending = sending
        self._membership = membership
        self._reads = reads
        self._frames: deque[ClientFrame] | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._worker: asyncio.Task[None] | None = None
        self._under_way = 0
        self._empty: asyncio.Event | None = None

    @property
    def full(self) -> bool:
        return self._under_way >= _ROOM

    def put(self, frame: ClientFrame) -> None:
        """Only when it is not full."""
        self._under_way += 1
        if self._frames is None:
            self._frames = deque()
            self._worker = asyncio.create_task(self._work(self._frames))
        self._frames.append(frame)

    async def emptied(self) -> None:
        """Returns once everything is answered; set a deadline."""
        while self._under_way:
            self._empty = asyncio.Event()
            await self._empty.wait()

    async def _work(self, frames: deque[ClientFrame]) -> None:
        while frames:
            await self._handle(frames.popleft())
        self._frames = self._worker = None

    def _answered(self) -> None:
        self._under_way -= 1
        if self._empty is not None:
            self._empty.set()
        self.roomy()

    async def _handle(self, frame: ClientFrame) -> None:
        match frame:
            case SendMessage():
                await self._message(frame)
            case MoveRead():
                await self._read(frame)
            case _:
                assert_never(frame)

    async def _message(self, frame: SendMessage) -> None:
        """Returns when the message stands in line."""
        user = self._socket.user
        try:
            sent = await self._sending.message(user, frame.conversation_id, frame.text, frame.client_id)
        except Exception as error:
            self._refuse(error, frame.client_id)
            self._answered()
        else:
            answering = asyncio.create_task(self._answer(frame, sent))
            self._answering.add(answering)
            answering.add_done_callback(self._answering.discard)

    async def _answer(self, frame: SendMessage, sent: Sent) -> None:
        try:
            position = await sent.position
            self._socket.put(
                AcceptedFrame(id=sent.message_id, position=str(position), client_id=frame.client_id)
            )
        except Exception as error:
            self._refuse(error, frame.client_id)
        finally:
            self._answered()

    async def _read(self, frame: MoveRead) -> None:
        try:
            if not await self._membership.allows(self._socket.user, frame.conversation_id):
                not_found()
            if not self._reads.move(self._socket.user, frame.conversation_id, frame.up_to):
                raise Problem("unavailable", "too much is under way; try again later")
        except Exception as error:
            self._refuse(error, None)
        finally:
            self._answered()

    def _refuse(self, error: Exception, client_id: str | None) -> None:
        match error:
            case Problem():
                code, message = error.code, error.detail
            case Unconfirmed():
                code, message = "unavailable", "not confirmed; send it again with the same clientId"
            case _:
                log.error("inbox.failed", exc_info=error)
                code, message = "unavailable", "this is our fault; the log has the details"
        self._socket.put(ErrorFrame(code=code, message=message, client_id=client_id))
