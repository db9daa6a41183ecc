"""What a command declares and does. `registry` lists all commands; routes, frames and documents come from
it."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, NamedTuple, Protocol, TypeVar

import orjson
from pydantic import BaseModel, Field

from gateway.commands.event_writer import EventWriter
from gateway.commands.membership_cache import MembershipCache
from gateway.commands.read_receipts import ReadReceiptCoalescer
from gateway.examples import POSITION
from gateway.limits.user_rates import Rate
from gateway.store.client import StorePort
from shared.contract.fields import WireModel
from shared.contract.position import Position
from shared.http.problems import Code

KindT = TypeVar("KindT")
BodyT_contra = TypeVar("BodyT_contra", contravariant=True)
FrameT_contra = TypeVar("FrameT_contra", contravariant=True)


class ClientFrame(WireModel, Generic[KindT]):
    """Base of the frames that clients send; `type` names the command."""

    type: KindT


class Accepted(WireModel):
    """In the log. The read models have it once they are past `position`."""

    position: str = Field(examples=[POSITION])
    status: Literal["accepted"] = "accepted"


class CommandResult(NamedTuple):
    """The response to a REST call; `body` is JSON."""

    status: int
    body: bytes
    headers: Mapping[str, str] | None = None


def accepted(position: Position, **fields: str) -> CommandResult:
    return CommandResult(202, orjson.dumps({**fields, "position": str(position), "status": "accepted"}))


@dataclass(frozen=True)
class CommandDocs:
    """A command's REST call, for routing and for OpenAPI."""

    path: str
    operation: str
    """In snake case; its camel case is the operationId."""
    summary: str
    description: str
    responses: Mapping[int, tuple[str, type[BaseModel]]]
    """By status its description and body; the first is the usual one."""
    details: Mapping[Code, str]
    """The most likely detail of each problem of this command; `unavailable` answers an unconfirmed event."""
    codes: tuple[Code, ...] = ()
    """Further problems, with their usual details."""
    accepts_wait: bool = False
    """Whether `Prefer: wait` has an effect."""


@dataclass(frozen=True)
class CommandContext:
    """Everything that commands work with."""

    writer: EventWriter
    membership: MembershipCache
    read_receipts: ReadReceiptCoalescer
    store: StorePort


class Command(Protocol[BodyT_contra]):
    """One thing that a user can do, as a REST call."""

    docs: ClassVar[CommandDocs]
    body: ClassVar[type[BaseModel]]
    rate: ClassVar[Rate]
    """Limits how often a user may do it."""

    def __init__(self, context: CommandContext) -> None: ...

    async def execute(self, user: str, body: BodyT_contra, wait: float | None) -> CommandResult:
        """Check, append the event and await its confirmation. `wait`: seconds of `Prefer: wait`, None
        without. Raises Problem, and Unconfirmed when the log does not take the event."""
        ...


class FrameCommand(Protocol[FrameT_contra]):
    """A command that clients also send as a frame on their WebSocket."""

    docs: ClassVar[CommandDocs]
    frame: ClassVar[type[ClientFrame[Any]]]
    rate: ClassVar[Rate]
    """That of the REST call, so that both count together."""

    def __init__(self, context: CommandContext) -> None: ...

    async def submit(self, user: str, frame: FrameT_contra) -> Awaitable[bytes] | None:
        """Check and enqueue; calls that returned in order are written in order. Await the result for the
        acknowledgement; None: there is none. Both steps raise like `Command.execute`."""
        ...
