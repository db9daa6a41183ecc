"""What one client said and is not answered yet: bounded, and brought into the log in the order it came.

A frame keeps its room until it is answered. Confirmations are awaited side by side: one slow broker round is
not paid per message.
"""

import asyncio
from collections.abc import Callable
from typing import assert_never

import orjson
import structlog

from gateway.commands.command_service import CommandService
from gateway.commands.membership_cache import MembershipCache
from gateway.commands.read_receipts import ReadReceiptCoalescer
from gateway.websocket.connection import ClientConnection
from shared.contract.frames import ClientFrame, ErrorFrame, MoveRead, SendMessage
from shared.http.problems import Problem
from shared.kafka import Unconfirmed

log = structlog.get_logger()

MAX_IN_FLIGHT = 128


class FrameHandler:
    def __init__(
        self,
        socket: ClientConnection,
        sending: CommandService,
        membership: MembershipCache,
        reads: ReadReceiptCoalescer,
    ) -> None:
        self.on_capacity: Callable[[], None] = lambda: None
        """Called when something was answered."""
        self._connection = socket
        self._sending = sending
        self._membership = membership
        self._reads = reads
        self._order_lock = asyncio.Lock()
        """To stand in line: who waits for it gets it in the order of waiting."""
        self._in_flight: set[asyncio.Task[None]] = set()

    @property
    def is_full(self) -> bool:
        return len(self._in_flight) >= MAX_IN_FLIGHT

    def submit(self, frame: ClientFrame) -> None:
        """Only when it is not full."""
        task = asyncio.create_task(self._handle(frame))
        self._in_flight.add(task)
        task.add_done_callback(self._on_handled)

    async def drained(self) -> None:
        """Returns once everything is answered; set a deadline."""
        while self._in_flight:
            await asyncio.wait(self._in_flight)

    def _on_handled(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self.on_capacity()

    async def _handle(self, frame: ClientFrame) -> None:
        client_id = frame.client_id if isinstance(frame, SendMessage) else None
        try:
            match frame:
                case SendMessage():
                    await self._send_message(frame)
                case MoveRead():
                    await self._mark_read(frame)
                case _:
                    assert_never(frame)
        except Exception as error:
            self._send_error(error, client_id)

    async def _send_message(self, frame: SendMessage) -> None:
        user, client_id = self._connection.user, frame.client_id
        async with self._order_lock:
            sent = await self._sending.send_message(user, frame.conversation_id, frame.text, client_id)
        self._connection.put_json(encode_accepted(sent.message_id, str(await sent.position), client_id))

    async def _mark_read(self, frame: MoveRead) -> None:
        async with self._order_lock:
            await self._membership.require(self._connection.user, frame.conversation_id)
            if not self._reads.submit(self._connection.user, frame.conversation_id, frame.up_to):
                raise Problem("unavailable", "too much is under way; try again later")

    def _send_error(self, error: Exception, client_id: str | None) -> None:
        match error:
            case Problem():
                code, message = error.code, error.detail
            case Unconfirmed():
                code, message = "unavailable", "not confirmed; send it again with the same clientId"
            case _:
                log.error("inbox.failed", exc_info=error)
                code, message = "unavailable", "this is our fault; the log has the details"
        self._connection.put(ErrorFrame(code=code, message=message, client_id=client_id))


def encode_accepted(message_id: str, position: str, client_id: str | None) -> bytes:
    """An AcceptedFrame, in a fifth of the time."""
    frame = {"type": "accepted", "id": message_id, "position": position}
    return orjson.dumps(frame if client_id is None else frame | {"clientId": client_id})
