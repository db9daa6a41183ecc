"""The codes with which a gateway closes a client's WebSocket: all there are, and whether to come back."""

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


class Meaning(NamedTuple):
    when: str
    reconnect: bool
    """With the last cursor. Not when the same would happen again."""
    delayed: bool
    """Whether the reason of the close is `afterMs=<n>`, milliseconds to wait before that; otherwise a random
    second or so."""


MEANINGS: dict[CloseCode, Meaning] = {
    CloseCode.PROTOCOL_ERROR: Meaning("what the client sent is no WebSocket frame", True, False),
    CloseCode.INVALID_TEXT: Meaning("a text frame is not UTF-8", True, False),
    CloseCode.MESSAGE_TOO_BIG: Meaning(
        "a frame is above 256 KiB or of more than 1,024 fragments", False, False
    ),
    CloseCode.INTERNAL_ERROR: Meaning("a fault of the gateway's own", True, False),
    CloseCode.RESTARTING: Meaning("the gateway, or what it needs, restarts", True, True),
    CloseCode.FLOOD: Meaning("more than 100 bad frames in 10 s", True, True),
    CloseCode.UNAUTHENTICATED: Meaning("no token, or a bad one", False, False),
    CloseCode.TOO_SLOW: Meaning(
        "the client does not read what it is sent, or answers no ping for 20 s", True, True
    ),
    CloseCode.TOO_MANY: Meaning("too many sockets, or too many at once", True, True),
}
