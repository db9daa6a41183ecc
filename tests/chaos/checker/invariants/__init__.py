"""One function for each invariant; it yields a description of each violation.

acceptance   what was accepted is there, once, and nothing else is
order        one order in history, frames, sync and topic
connections  what each connection received, against what it should have
state        what the read models hold
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.chaos.checker.final_state import FinalState
from tests.chaos.checker.history import Frame, History
from tests.chaos.checker.reference_model import ReferenceModel

Shown = tuple[str, str, Frame]
"""User, where it was shown, and what."""


@dataclass(frozen=True)
class Evidence:
    history: History
    final: FinalState
    model: ReferenceModel

    def on_connections(self) -> Iterator[Shown]:
        """Every entry that came over a connection."""
        for connection in self.history.connections:
            for frame in connection.frames:
                if "conversationId" in frame:
                    yield connection.user, f"connection of {connection.client}", frame

    def in_syncs(self) -> Iterator[Shown]:
        return ((user, f"sync of {user}", entry) for user, own in self.final.syncs.items() for entry in own)

    def in_histories(self) -> Iterator[Shown]:
        for (user, _), items in self.final.histories.items():
            for item in items:
                yield user, f"history of {user}", {"type": "message"} | item


Check = Callable[[Evidence], Iterator[str]]
