"""A user has read up to a message."""

from typing import Literal

from shared.contract.fields import Seq, UserId, Uuid, WireModel
from shared.contract.kinds.cloud_event import EntryBase, UserEvent, WithAudience, project


class ReadMovedData(WireModel):
    conversation_id: Uuid
    up_to: Seq


class ReadMoved(UserEvent):
    type: Literal["chat.event.read-moved.v1"] = "chat.event.read-moved.v1"
    data: ReadMovedData


class ReadFields(WireModel):
    """A user has read everything up to `upTo`."""

    conversation_id: Uuid
    user_id: UserId
    up_to: Seq
    version: Seq
    """Grows with every change: drop what is not above the version that you hold."""


class ReadFrame(ReadFields):
    """A member has read up to a message."""

    type: Literal["read"] = "read"


class ReadData(ReadFields, WithAudience):
    pass


class ReadMovedEntry(EntryBase):
    """A user has read up to a message."""

    type: Literal["chat.read.moved.v1"] = "chat.read.moved.v1"
    data: ReadData

    def frame(self) -> ReadFrame:
        return project(ReadFrame, self.data)
