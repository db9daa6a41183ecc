"""A user joined a group."""

from typing import Literal

from shared.contract.fields import UserId, Uuid, WireModel
from shared.contract.kinds.cloud_event import EntryBase, UserEvent, project
from shared.contract.kinds.conversation_started import ConversationData, ConversationFrame


class MemberEventData(WireModel):
    conversation_id: Uuid
    user_id: UserId


class MemberAdded(UserEvent):
    type: Literal["chat.event.member-added.v1"] = "chat.event.member-added.v1"
    data: MemberEventData


class MembershipData(ConversationData):
    user_id: UserId
    """Who joined or left; `members` is as it is afterwards."""


class MemberAddedEntry(EntryBase):
    """A user came to a group."""

    type: Literal["chat.member.added.v1"] = "chat.member.added.v1"
    data: MembershipData

    def frame(self) -> ConversationFrame:
        return project(ConversationFrame, self.data)
