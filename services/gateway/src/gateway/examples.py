"""The conversation of Ann and Bob that README's tour and every example of the documentation show.

After the example of `POST /messages/start` all other calls work as they are printed.
"""

from typing import Any

from shared.contract import cursor, ids

CALLER, PEER = "ann", "bob"
CONVERSATION = ids.direct_conversation_id(CALLER, PEER)
TEXT = "Lunch?"
CLIENT_ID = "lunch-1"
POSITION = "d4bd64c61d04670f-8-2"

TICKET = "pt1.kqL0y9Zr2w"
TICKET_EXPIRES_AT = "2026-01-15T09:30:30.000Z"

_CURSOR = cursor.encode("d4bd64c61d04670f", CALLER, [1, 1, 1, 1, 1, 1, 1, 1, 4, 1, 1, 1])
_SENT = "2026-01-15T09:30:00.250Z"

_MESSAGE: dict[str, Any] = {
    "id": ids.message_id(CONVERSATION, CALLER, CLIENT_ID),
    "conversationId": CONVERSATION,
    "seq": 1,
    "senderId": CALLER,
    "text": TEXT,
    "createdAt": _SENT,
    "version": 2,
    "clientId": CLIENT_ID,
    "isRead": False,
}
_CONVERSATION: dict[str, Any] = {
    "id": CONVERSATION,
    "kind": "direct",
    "title": None,
    "peerId": PEER,
    "members": [CALLER, PEER],
    "memberCount": 2,
    "lastMessage": _MESSAGE,
    "lastSeq": 1,
    "readSeq": 1,
    "unreadCount": 0,
    "createdAt": "2026-01-15T09:29:00.000Z",
    "updatedAt": _SENT,
    "version": 3,
}
_ACCEPTED: dict[str, Any] = {"position": POSITION, "status": "accepted"}

EXAMPLES: dict[str, dict[str, Any]] = {
    "Message": _MESSAGE,
    "Conversation": _CONVERSATION,
    "ConversationPage": {"items": [_CONVERSATION], "nextPage": None, "cursor": _CURSOR},
    "MessagePage": {
        "items": [_MESSAGE],
        "hasMore": False,
        "hasOlder": False,
        "hasNewer": False,
        "cursor": _CURSOR,
    },
    "SyncPage": {"entries": [{"type": "message", **_MESSAGE}], "cursor": _CURSOR, "hasMore": False},
    "Accepted": _ACCEPTED,
    "AcceptedMessage": {"id": _MESSAGE["id"], "conversationId": CONVERSATION, **_ACCEPTED},
}
"""By the name of their schema."""
