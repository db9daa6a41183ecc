"""Fold a batch of events, in order, into one result for each offset."""

from collections.abc import Iterable
from typing import NamedTuple

from message_store.domain.conversation import Conversation
from message_store.domain.decide import Outcome, decide
from message_store.domain.events.kind import Audience
from message_store.domain.events.registry import KIND_OF_EVENT
from message_store.domain.events.user_revoked import UserRevoked
from message_store.domain.evolve import evolve
from message_store.domain.outcomes import Rejected, Skipped, Unpublished
from message_store.domain.state import MessageKey, State, States
from shared.contract.events import Event, LogOpened, conversation_of, user_key


class PoisonRecord(NamedTuple):
    """Takes the place of an event that cannot be decoded, folded or written. Its record is dead-lettered."""

    reason: str


NonConversationRecord = PoisonRecord | LogOpened
_NOBODY = Audience(())


class ConsumedEvent(NamedTuple):
    """What one offset of the log holds."""

    partition: int
    offset: int
    event: Event | PoisonRecord


class FoldResult(NamedTuple):
    """One offset of the log and everything that is written or published of it."""

    partition: int
    offset: int
    event_id: str | None
    outcome: Outcome
    actor: str | None = None
    time: str | None = None
    conversation_id: str | None = None
    """None in the result of an event of a user."""
    subject_id: str | None = None
    """What a rejection refuses: the id of the message, for other kinds the event's own id."""
    sent_message: MessageKey | None = None
    """The message that the event would send; None: it sends none."""
    client_id: str | None = None
    conversation: Conversation | None = None
    """The conversation after the entry, if the entry shows it."""
    audience: tuple[str, ...] = ()
    is_private: bool = False
    """The audience is a list of its own instead of every member at this offset."""

    @property
    def is_published(self) -> bool:
        """Entries and rejections are; duplicates and skipped events are not."""
        return not isinstance(self.outcome, Unpublished)

    @property
    def key(self) -> str:
        """The key of the entry, as of its event. Published results alone have one."""
        if isinstance(self.outcome, UserRevoked):
            return user_key(self.outcome.user_id)
        assert self.conversation_id is not None
        return self.conversation_id


def fold(states: States, consumed: Iterable[ConsumedEvent]) -> list[FoldResult]:
    """Return the result of each event and move `states` on. `states` holds every conversation named."""
    return [_fold(states, each) for each in consumed]


def _fold(states: States, consumed: ConsumedEvent) -> FoldResult:
    partition, offset, event = consumed
    if isinstance(event, PoisonRecord):
        return FoldResult(partition, offset, None, Skipped("dead_lettered"))
    if isinstance(event, LogOpened):
        return FoldResult(partition, offset, event.id, Skipped("log_opened"))
    kind, data = KIND_OF_EVENT[type(event)], event.data
    sent_message = kind.sent_message(event)
    message = None if sent_message is None else states.messages.get(sent_message)
    conversation_id = conversation_of(event)
    conversation = None if conversation_id is None else states.conversations[conversation_id]
    before = State(conversation, message)
    outcome = decide(before, event, offset)
    audience, shown = _NOBODY, None
    if isinstance(outcome, Rejected):
        audience = Audience((event.actor,), is_private=True)
    elif not isinstance(outcome, Unpublished):
        conversation, message = evolve(before, outcome)
        if conversation is not None:
            states.conversations[conversation.id] = conversation
        if sent_message is not None and message is not None:
            states.messages[sent_message] = message
        audience = kind.audience(outcome, tuple(conversation.members) if conversation is not None else ())
        shown = conversation if kind.SHOWS_CONVERSATION else None
    return FoldResult(  # by position: one for every event; keywords take twice as long
        partition,
        offset,
        event.id,
        outcome,
        event.actor,
        event.time,
        conversation_id,
        event.id if sent_message is None else sent_message.id,
        sent_message,
        getattr(data, "client_id", None),
        shown,
        *audience,
    )
