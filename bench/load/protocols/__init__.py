"""What a user's connection says, server by server: Parley's, ejabberd's and Synapse's.

Each is as cheap for the driver as it can be made: the driver shares the machine with what it measures.
"""

from typing import Literal, Protocol

Wire = Literal["parley", "xmpp", "matrix", "stock"]

TEXT = "The quick brown fox jumps over the lazy dog, and nobody minds. " * 2
"""What every message says, on every wire."""


class Ear(Protocol):
    """Who is told of what comes in. `name` is the message's, as given to `send`; moments are in seconds."""

    def delivered(self, user: str, line: str, name: str, seq: int, now: float) -> None:
        """A message came to `user`; within a `line`, a conversation's or a sender's, `seq` only grows."""

    def accepted(self, name: str, now: float) -> None: ...

    def refused(self, name: str) -> None: ...

    def closed(self) -> None: ...


class Line(Protocol):
    """One user's connection."""

    ear: Ear | None

    async def connect(self, address: str) -> None:
        """Returns once it is live: whatever is sent to this user from now on comes here."""

    def send(self, conversation: str, peer: str, name: str) -> None:
        """Does not wait."""
