"""A user left a group, or was removed from it."""

from typing import Literal

from shared.contract.kinds.cloud_event import EntryBase, UserEvent, project
from shared.contract.kinds.conversation_started import ConversationFrame
from shared.contract.kinds.member_added import MemberEventData, MembershipData


class MemberRemoved(UserEvent):
    type: Literal["chat.event.member-removed.v1"] = "chat.event.member-removed.v1"
    data: MemberEventData


class MemberRemovedEntry(EntryBase):
    """A user left a group, or was removed from it."""

    type: Literal["chat.member.removed.v1"] = "chat.member.removed.v1"
    data: MembershipData

    def frame(self) -> ConversationFrame:
        return project(ConversationFrame, self.data)
