"""The client's side of each server's protocol, one connection a user, as cheap as it can be made.

websocket   what the two WebSocket clients share
parley      Parley's WebSocket
broadcast   the WebSocket of a tutorial's broadcast server
xmpp        XMPP over TCP, for ejabberd
matrix      Matrix's client-server API, for Synapse
"""

from typing import Literal, Protocol

ProtocolName = Literal["parley", "xmpp", "matrix", "broadcast"]

TEXT = "The quick brown fox jumps over the lazy dog, and nobody minds. " * 2
"""The text of every message, in every protocol."""


class Receiver(Protocol):
    """Gets what arrives. `name` is the message's, as given to `send`; moments are in seconds."""

    def delivered(self, user: str, order: str, name: str, seq: int, now: float) -> None:
        """A message reached `user`; within an `order`, a conversation's or a sender's, `seq` only grows."""

    def accepted(self, name: str, now: float) -> None: ...

    def refused(self, name: str) -> None: ...

    def closed(self) -> None: ...


class ClientConnection(Protocol):
    """One user's connection."""

    receiver: Receiver | None

    async def connect(self, address: str) -> None:
        """Return once it is live: whatever is sent to this user from now on arrives here."""

    def send(self, conversation: str, peer: str, name: str) -> None:
        """Send without waiting."""
