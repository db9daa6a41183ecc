"""An event was accepted, but the fold refused it: for its actor alone, without an event of its own."""

from typing import Literal

from pydantic import Field

from shared.contract.fields import ClientId, Uuid, WireModel, is_none
from shared.contract.kinds.cloud_event import EntryBase, WithAudience, project


class RejectionFields(WireModel):
    """What the user did was refused after it was accepted."""

    conversation_id: Uuid
    id: str
    """The message id that was promised by `accepted`; for other events the event's id."""
    client_id: ClientId | None = Field(default=None, exclude_if=is_none)
    reason: str
    """`not_found`, `group_full`, `not_a_group`; later ones may come."""


class RejectedFrame(RejectionFields):
    """What was accepted could not be done."""

    type: Literal["rejected"] = "rejected"


class RejectedData(RejectionFields, WithAudience):
    pass


class EventRejectedEntry(EntryBase):
    """What a user did was refused: it changed nothing. For that user alone."""

    type: Literal["chat.event.rejected.v1"] = "chat.event.rejected.v1"
    data: RejectedData

    def frame(self) -> RejectedFrame:
        return project(RejectedFrame, self.data)
