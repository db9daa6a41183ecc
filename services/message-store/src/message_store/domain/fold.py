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
    Untold,
    decide,
    evolve,
)
from shared.contract.events import Event, LogOpened, MessageSent
from shared.contract.fields import MAX_READ_RECEIPT_MEMBERS
from shared.kafka import Record

States = dict[str, Conversation | None]
_SHOWING = Started | MemberJoined | MemberLeft
"""Whose entries show the conversation."""


class GivenUp(NamedTuple):
    """Stands for an event that cannot be read or written: its record belongs into the dead letters."""

    reason: str


Aside = GivenUp | LogOpened
"""Speaks of no conversation."""


class Arrival(NamedTuple):
    """One record of the log."""

    record: Record
    event: Event | GivenUp


class Folded(NamedTuple):
    """One offset of the log and all that is to be kept, and told, of it."""

    partition: int
    offset: int
    event_id: str | None
    outcome: Outcome
    actor: str | None = None
    time: str | None = None
    conversation_id: str | None = None
    ref: str | None = None
    """What a rejection speaks of: the message id, for other events the event's own id."""
    sends: bool = False
    """The event would send a message."""
    client_id: str | None = None
    state: Conversation | None = None
    """The conversation after the entry, where it is told."""
    audience: tuple[str, ...] = ()
    private: bool = False
    """The audience is an explicit short list, not "all members at this offset"."""

    @property
    def told(self) -> bool:
        """Entries and rejections are told; duplicates and skips are nobody's news."""
        return not isinstance(self.outcome, Untold)


def fold(states: States, arrivals: Iterable[Arrival]) -> list[Folded]:
    """`states` holds the conversation (None: there is none) of every arrival, and is moved on by it."""
    return [_fold(states, arrival) for arrival in arrivals]


def _fold(states: States, arrival: Arrival) -> Folded:
    partition, offset, event = arrival.record.partition, arrival.record.offset, arrival.event
    if isinstance(event, GivenUp):
        return Folded(partition, offset, None, Skipped("dead_lettered"))
    if isinstance(event, LogOpened):
        return Folded(partition, offset, event.id, Skipped("log_opened"))
    conversation_id = event.data.conversation_id
    before = states[conversation_id]
    outcome = decide(before, event, offset)
    after = before
    if isinstance(outcome, Entry):
        after = states[conversation_id] = evolve(before, outcome)
    audience, private = _audience(event.actor, outcome, after)
    ref, client_id, sends = event.id, None, isinstance(event, MessageSent)
    if isinstance(event, MessageSent):
        ref, client_id = event.data.message_id, event.data.client_id
    return Folded(
        partition,
        offset,
        event.id,
        outcome,
        event.actor,
        event.time,
        conversation_id,
        ref,
        sends,
        client_id,
        _told(outcome, after),
        audience,
        private,
    )


def _told(outcome: Outcome, after: Conversation | None) -> Conversation | None:
    """Without what its batch knew: it may wait long to be told."""
    shown = isinstance(outcome, _SHOWING)
    return after._replace(sent={}) if shown and after is not None else None


def _audience(actor: str, outcome: Outcome, after: Conversation | None) -> tuple[tuple[str, ...], bool]:
    if isinstance(outcome, Rejected):
        return (actor,), True
    if isinstance(outcome, Untold) or after is None:
        return (), False
    if isinstance(outcome, ReadAdvanced) and len(after.members) > MAX_READ_RECEIPT_MEMBERS:
        return (actor,), True
    if isinstance(outcome, MemberLeft):
        return (*after.members, outcome.user_id), False  # an interval includes both its ends
    return tuple(after.members), False
