"""A batch of events through the domain, in order, and what came of each."""

from collections.abc import Iterable
from typing import NamedTuple

from message_store.domain import (
    Conversation,
    Entry,
    MemberJoined,
    MemberLeft,
    Outcome,
    ReadAdvanced,
    Rejected,
    Skipped,
    Started,
    Unpublished,
    decide,
    evolve,
)
from shared.contract.events import Event, LogOpened, MessageSent
from shared.contract.fields import READ_RECEIPT_MEMBERS
from shared.kafka import Record

States = dict[str, Conversation | None]
_SHOWING = Started | MemberJoined | MemberLeft
"""Whose entries show the conversation."""


class PoisonRecord(NamedTuple):
    """Stands for an event that cannot be read or written: its record belongs into the dead letters."""

    reason: str


NonConversationRecord = PoisonRecord | LogOpened
"""Speaks of no conversation."""


class ConsumedEvent(NamedTuple):
    """One record of the log."""

    record: Record
    event: Event | PoisonRecord


class FoldResult(NamedTuple):
    """One offset of the log and all that is to be kept, and told, of it."""

    partition: int
    offset: int
    event_id: str | None
    outcome: Outcome
    actor: str | None = None
    time: str | None = None
    conversation_id: str | None = None
    subject_id: str | None = None
    """What a rejection speaks of: the message id, for other events the event's own id."""
    is_send: bool = False
    """The event would send a message."""
    client_id: str | None = None
    state: Conversation | None = None
    """The conversation after the entry, where it is told."""
    audience: tuple[str, ...] = ()
    private: bool = False
    """The audience is an explicit short list, not "all members at this offset"."""

    @property
    def is_published(self) -> bool:
        """Entries and rejections are told; duplicates and skips are nobody's news."""
        return not isinstance(self.outcome, Unpublished)


def fold(states: States, arrivals: Iterable[ConsumedEvent]) -> list[FoldResult]:
    """`states` holds the conversation (None: there is none) of every arrival, and is moved on by it."""
    return [_fold(states, arrival) for arrival in arrivals]


def _fold(states: States, arrival: ConsumedEvent) -> FoldResult:
    partition, offset, event = arrival.record.partition, arrival.record.offset, arrival.event
    if isinstance(event, PoisonRecord):
        return FoldResult(partition, offset, None, Skipped("dead_lettered"))
    if isinstance(event, LogOpened):
        return FoldResult(partition, offset, event.id, Skipped("log_opened"))
    conversation_id = event.data.conversation_id
    before = states[conversation_id]
    outcome = decide(before, event, offset)
    after = before
    if isinstance(outcome, Entry):
        after = states[conversation_id] = evolve(before, outcome)
    audience, private = _audience(event.actor, outcome, after)
    subject_id, client_id, is_send = event.id, None, isinstance(event, MessageSent)
    if isinstance(event, MessageSent):
        subject_id, client_id = event.data.message_id, event.data.client_id
    return FoldResult(
        partition,
        offset,
        event.id,
        outcome,
        event.actor,
        event.time,
        conversation_id,
        subject_id,
        is_send,
        client_id,
        _shown_state(outcome, after),
        audience,
        private,
    )


def _shown_state(outcome: Outcome, after: Conversation | None) -> Conversation | None:
    """Without what its batch knew: it may wait long to be told."""
    shown = isinstance(outcome, _SHOWING)
    return after._replace(sent={}) if shown and after is not None else None


def _audience(actor: str, outcome: Outcome, after: Conversation | None) -> tuple[tuple[str, ...], bool]:
    if isinstance(outcome, Rejected):
        return (actor,), True
    if isinstance(outcome, Unpublished) or after is None:
        return (), False
    if isinstance(outcome, ReadAdvanced) and len(after.members) > READ_RECEIPT_MEMBERS:
        return (actor,), True
    if isinstance(outcome, MemberLeft):
        return (*after.members, outcome.user_id), False  # an interval includes both its ends
    return tuple(after.members), False
