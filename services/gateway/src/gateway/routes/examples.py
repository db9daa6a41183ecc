"""One conversation of Ana and Ben, as the documentation shows it."""

from typing import Any

_ID = "0b0f3a52-98a5-5f0e-9d83-0d8fb1f4e7a1"
_POSITION = "9f0c2d4e6a8b1c3d-7-1042"
_CURSOR = "AZ8MLU5qixw9gqbVcgwBAQIBAQMBAQEBAQHVJx1l"

_MESSAGE: dict[str, Any] = {
    "id": "6a2f8c1e-3b5d-5f70-8a91-b2c3d4e5f607",
    "conversationId": _ID,
    "seq": 12,
    "senderId": "ana",
    "text": "Hello!",
    "createdAt": "2026-03-01T09:30:00.000Z",
    "version": 1042,
    "clientId": "7f3c-1",
    "isRead": False,
}
_CONVERSATION: dict[str, Any] = {
    "id": _ID,
    "kind": "direct",
    "title": None,
    "peerId": "ben",
    "members": ["ana", "ben"],
    "memberCount": 2,
    "lastMessage": _MESSAGE,
    "lastSeq": 12,
    "readSeq": 12,
    "unreadCount": 0,
    "createdAt": "2026-02-27T18:00:00.000Z",
    "updatedAt": "2026-03-01T09:30:00.000Z",
    "version": 1042,
}
_ACCEPTED: dict[str, Any] = {"position": _POSITION, "status": "accepted"}

EXAMPLES: dict[str, dict[str, Any]] = {
    "Message": _MESSAGE,
    "Conversation": _CONVERSATION,
    "ConversationPage": {"items": [_CONVERSATION], "nextPage": None, "cursor": _CURSOR},
    "MessagePage": {
        "items": [_MESSAGE],
        "hasMore": True,
        "hasOlder": True,
        "hasNewer": False,
        "cursor": _CURSOR,
    },
    "Accepted": _ACCEPTED,
    "AcceptedMessage": {"id": _MESSAGE["id"], "conversationId": _ID, **_ACCEPTED},
}
"""By the name of their schema."""
