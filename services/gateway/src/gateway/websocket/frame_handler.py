"""What one client said and is not answered yet: bounded, and brought into the log in the order it came.

A frame keeps its room until it is answered. Confirmations are awaited side by side: one slow broker round is
not paid per message.
"""

import asyncio
from collections.abc import Callable
from typing import assert_never

import orjson
import structlog

from gateway.commands.command_service import Sending
from gateway.commands.membership_cache import Membership
from gateway.commands.read_receipts import Reads
from gateway.websocket.connection import Socket
from shared.contract.frames import ClientFrame, ErrorFrame, MoveRead, SendMessage
from shared.http.problems import Problem
from shared.kafka import Unconfirmed

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
        self._turn = asyncio.Lock()
        """To stand in line: who waits for it gets it in the order of waiting."""
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def full(self) -> bool:
        return len(self._under_way) >= _ROOM

    def put(self, frame: ClientFrame) -> None:
        """Only when it is not full."""
        task = asyncio.create_task(self._handle(frame))
        self._under_way.add(task)
        task.add_done_callback(self._answered)

    async def emptied(self) -> None:
        """Returns once everything is answered; set a deadline."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self.roomy()

    async def _handle(self, frame: ClientFrame) -> None:
        client_id = frame.client_id if isinstance(frame, SendMessage) else None
        try:
            match frame:
                case SendMessage():
                    await self._message(frame)
                case MoveRead():
                    await self._read(frame)
                case _:
                    assert_never(frame)
        except Exception as error:
            self._refuse(error, client_id)

    async def _message(self, frame: SendMessage) -> None:
        user, client_id = self._socket.user, frame.client_id
        async with self._turn:
            sent = await self._sending.message(user, frame.conversation_id, frame.text, client_id)
        self._socket.put_json(accepted(sent.message_id, str(await sent.position), client_id))

    async def _read(self, frame: MoveRead) -> None:
        async with self._turn:
            await self._membership.require(self._socket.user, frame.conversation_id)
            if not self._reads.move(self._socket.user, frame.conversation_id, frame.up_to):
                raise Problem("unavailable", "too much is under way; try again later")

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


def accepted(message_id: str, position: str, client_id: str | None) -> bytes:
    """An AcceptedFrame, in a fifth of the time."""
    frame = {"type": "accepted", "id": message_id, "position": position}
    return orjson.dumps(frame if client_id is None else frame | {"clientId": client_id})
