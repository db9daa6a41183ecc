"""What the scenarios of messages need of a server."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bench.load.plan import Conversation
from bench.load.protocols import ProtocolName

Settings = Mapping[str, str]
"""Versions and configuration, by name."""


class System(Protocol):
    """A server with a database of its own, both started for the bench."""

    name: str
    protocol: ProtocolName
    echo: bool
    """Whether a message reaches its sender's socket too."""
    warm_up_rate: float
    """Messages a second that it carries with ease."""

    @property
    def address(self) -> str:
        """As the protocol needs it."""

    def processes(self) -> dict[str, int]:
        """pids by name, as they are now; together the whole tree, its database included."""

    def start(self, conversations: Sequence[Conversation]) -> list[Conversation]:
        """Create users and conversations, and return these with the server's ids. Blocks until all exist."""

    def history(self, conversations: Sequence[Conversation], round_name: str) -> list[str]:
        """The names of all messages of a round in the database, as often as each is stored in full."""

    def settings(self) -> Settings: ...
