"""Start the direct conversation with a peer: `POST /messages/start`."""

from typing import ClassVar, Self

from pydantic import BaseModel, Field, ValidationInfo, model_validator

from gateway.commands.command import CommandContext, CommandDocs, CommandResult
from gateway.examples import PEER
from gateway.limits.user_rates import Rate
from gateway.store.client import StoreResponse, StoreUnavailable, WaitFor
from shared.contract import events, ids
from shared.contract.fields import NewUserId, WireModel
from shared.contract.frames import Conversation
from shared.http.problems import Problem

_PROJECTION_TIMEOUT_SECONDS = 2.0
_NOT_STARTED = "not started yet; repeat it"


class NewConversation(WireModel):
    peer_id: NewUserId = Field(examples=[PEER])

    @model_validator(mode="after")
    def _require_two_users(self, info: ValidationInfo) -> Self:
        if info.context is not None and self.peer_id == info.context["caller"]:
            raise ValueError("peerId: must be another user")
        return self


class StartDirectCommand:
    docs: ClassVar = CommandDocs(
        path="/messages/start",
        operation="start_conversation",
        summary="The conversation with a peer; the same one every time",
        description="Both members' next calls see it. Safe to repeat.",
        responses={200: ("The conversation.", Conversation)},
        codes=("too_big", "projection_behind"),
        details={
            "bad_request": "the body is empty",
            "invalid": "peerId: must be another user",
            "unavailable": _NOT_STARTED,
        },
    )
    body: ClassVar[type[BaseModel]] = NewConversation
    rate: ClassVar = Rate.STARTS

    def __init__(self, context: CommandContext) -> None:
        self._writer = context.writer
        self._membership = context.membership
        self._store = context.store

    async def execute(self, user: str, body: NewConversation, wait: float | None) -> CommandResult:
        conversation = ids.direct_conversation_id(user, body.peer_id)
        try:
            answer = await self._store.conversation(user, conversation)
            if answer.status == 404:
                answer = await self._start(user, body.peer_id, conversation)
        except StoreUnavailable:
            raise Problem("unavailable", _NOT_STARTED) from None
        if answer.is_behind:
            raise Problem("projection_behind", "the read models are behind; try again")
        if not answer.ok:  # the event had no effect
            raise Problem("unavailable", _NOT_STARTED)
        self._membership.invalidate(conversation)  # also a recent refusal: both are members now
        self._membership.add(conversation, user, body.peer_id)
        return CommandResult(200, answer.body)

    async def _start(self, user: str, peer: str, conversation: str) -> StoreResponse:
        data = events.ConversationStartedData(
            conversation_id=conversation, kind="direct", members=[user, peer]
        )
        event = events.ConversationStarted(**self._writer.envelope(user, conversation), data=data)
        position = await self._writer.append(event)
        wait_for = WaitFor(str(position), _PROJECTION_TIMEOUT_SECONDS)
        return await self._store.conversation(user, conversation, wait_for=wait_for)
