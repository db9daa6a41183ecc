"""All codes with which a gateway closes a client's WebSocket, and whether to reconnect after each."""

from enum import IntEnum
from typing import NamedTuple


class CloseCode(IntEnum):
    PROTOCOL_ERROR = 1002
    INVALID_TEXT = 1007
    MESSAGE_TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    RESTARTING = 1012
    FLOOD = 4400
    UNAUTHENTICATED = 4401
    TOO_SLOW = 4408
    TOO_MANY = 4429


class CloseMeaning(NamedTuple):
    when: str
    reconnect: bool
    """With the last cursor. Not when the same would happen again."""
    delayed: bool
    """Whether the reason of the close is `afterMs=<n>`, milliseconds to wait before that; otherwise a random
    second or so."""


CLOSE_MEANINGS: dict[CloseCode, CloseMeaning] = {
    CloseCode.PROTOCOL_ERROR: CloseMeaning("what the client sent is no WebSocket frame", True, False),
    CloseCode.INVALID_TEXT: CloseMeaning("a text frame is not UTF-8", True, False),
    CloseCode.MESSAGE_TOO_BIG: CloseMeaning(
        "a frame is above 256 KiB or of more than 1,024 fragments", False, False
    ),
    CloseCode.INTERNAL_ERROR: CloseMeaning("a fault of the gateway's own", True, False),
    CloseCode.RESTARTING: CloseMeaning(
        "the gateway, or what it needs, restarts, or a socket has reached its age", True, True
    ),
    CloseCode.FLOOD: CloseMeaning(
        "more than 100 frames in 10 s that are bad or for foreign conversations", True, True
    ),
    CloseCode.UNAUTHENTICATED: CloseMeaning("no token; a bad, used, expired or revoked one", False, False),
    CloseCode.TOO_SLOW: CloseMeaning(
        "the client does not read what it is sent, or answers no ping for 20 s", True, True
    ),
    CloseCode.TOO_MANY: CloseMeaning("too many sockets, or a user opens or sends too many", True, True),
}
