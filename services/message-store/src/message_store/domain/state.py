"""What events refer to: the state of one event for `decide` and `evolve`, and the states of a batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from message_store.domain.conversation import Conversation


class MessageKey(NamedTuple):
    conversation_id: str
    id: str


class MessageFacts(NamedTuple):
    """What later events need to know of a message."""

    sent_offset: int


class State(NamedTuple):
    """What one event refers to, as it is before the event."""

    conversation: Conversation | None
    """None: it was not started."""
    message: MessageFacts | None = None
    """The message that the event sends, if it was sent before; known if cached, the commit finds the rest."""


ExistingMessages = Mapping[MessageKey, MessageFacts]


@dataclass
class States:
    """What the events of a batch refer to. `fold` moves it on from event to event."""

    conversations: dict[str, Conversation | None] = field(default_factory=dict)
    """Every conversation that the batch names; None: it was not started."""
    messages: dict[MessageKey, MessageFacts] = field(default_factory=dict)
    """Messages known to exist. One that is absent counts as new until the commit finds it."""

    def copy(self) -> "States":
        return States(dict(self.conversations), dict(self.messages))

    def with_messages(self, existing: ExistingMessages) -> "States":
        """Return a copy that knows these messages, too."""
        return States(dict(self.conversations), {**self.messages, **existing})
