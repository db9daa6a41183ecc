"""Mark messages as read: `POST /messages/read`, and the frame `read`, which is coalesced
(`read_receipts`)."""

from collections.abc import Awaitable
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from gateway.commands.command import (
    Accepted,
    ClientFrame,
    CommandContext,
    CommandDocs,
    CommandResult,
    accepted,
)
from gateway.commands.event_writer import EventWriter
from gateway.examples import CONVERSATION
from gateway.limits.user_rates import Rate
from shared.contract import events
from shared.contract.fields import ClientSeq, Uuid, WireModel
from shared.contract.position import Position
from shared.http.problems import Problem


class NewRead(WireModel):
    conversation_id: Uuid = Field(examples=[CONVERSATION])
    up_to: ClientSeq = Field(examples=[1])
    """The `seq` of the last message read."""


class MoveRead(NewRead, ClientFrame[Literal["read"]]):
    """All messages up to this seq are read."""


class MarkReadCommand:
    docs: ClassVar = CommandDocs(
        path="/messages/read",
        operation="move_read",
        summary="Mark messages as read",
        description="The mark never moves back; beyond the last message it means the last message.",
        responses={202: ("In the log.", Accepted)},
        codes=("not_found", "too_big"),
        details={
            "bad_request": "the body is empty",
            "invalid": "conversationId: is not a UUID",
            "unavailable": "not confirmed; repeat it",
        },
    )
    body: ClassVar[type[BaseModel]] = NewRead
    rate: ClassVar = Rate.CALLS
    frame: ClassVar[type[ClientFrame[Any]]] = MoveRead

    def __init__(self, context: CommandContext) -> None:
        self._membership = context.membership
        self._writer = context.writer
        self._read_receipts = context.read_receipts

    async def execute(self, user: str, body: NewRead, wait: float | None) -> CommandResult:
        await self._membership.require(user, body.conversation_id)
        return accepted(await append_read(self._writer, user, body.conversation_id, body.up_to))

    async def submit(self, user: str, frame: MoveRead) -> None:
        await self._membership.require(user, frame.conversation_id)
        if not self._read_receipts.submit(user, frame.conversation_id, frame.up_to):
            raise Problem("unavailable", "too many read receipts are in flight; try again later")


def append_read(writer: EventWriter, user: str, conversation: str, up_to: int) -> Awaitable[Position]:
    """Enqueue the event; membership is checked by the caller."""
    data = events.ReadMovedData(conversation_id=conversation, up_to=up_to)
    return writer.append(events.ReadMoved(**writer.envelope(user, conversation), data=data))
