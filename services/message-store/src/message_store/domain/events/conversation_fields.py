"""The conversation as entries show it (`frames.ConversationFields`)."""

from typing import Any

from message_store.domain.conversation import Conversation
from shared.contract.fields import MAX_LISTED_MEMBERS


def conversation_fields(conversation: Conversation | None) -> dict[str, Any]:
    assert conversation is not None
    return {
        "conversationId": conversation.id,
        "kind": conversation.kind,
        "title": conversation.title,
        "members": list(conversation.members)[:MAX_LISTED_MEMBERS],
        "memberCount": len(conversation.members),
        "createdAt": conversation.created_at,
        "updatedAt": conversation.updated_at,
        "version": conversation.version,
    }
