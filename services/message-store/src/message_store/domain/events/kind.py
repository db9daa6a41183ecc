"""What a module of this package defines: the Protocol of one kind of event, and what its members return."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from message_store.domain.conversation import Conversation
from message_store.domain.outcomes import NoEntry
from message_store.domain.rows import JournalRecord, Row
from message_store.domain.state import MessageKey, State

EventT_contra = TypeVar("EventT_contra", contravariant=True)
EntryT = TypeVar("EntryT")


class Audience(NamedTuple):
    user_ids: tuple[str, ...]
    is_private: bool = False
    """The users are a short list of their own instead of every member whose interval holds the offset; the
    journal keeps the list."""


class JournalColumns(NamedTuple):
    """The columns of a journal row that differ by kind."""

    seq: int | None = None
    subject: str | None = None


class EventKind(Protocol[EventT_contra, EntryT]):
    """One kind of event, from the record of `chat.events` to the record of `chat.messages`. Pure: no await,
    clock, uuid, log or I/O. A module is one, its functions are the methods."""

    JOURNAL_KIND: str
    """Names the entry in the journal. Never changed once written."""
    ENTRY_TYPE: str
    """The type of the entry in chat.messages."""
    SHOWS_CONVERSATION: bool
    """The entry's data show the conversation as it is afterwards."""

    def sent_message(self, event: EventT_contra) -> MessageKey | None:
        """Return the message that the event would send, None if the kind sends none. `decide` gets its
        facts; a rejection names its id instead of the event's."""

    def decide(self, state: State, event: EventT_contra, offset: int) -> EntryT | NoEntry:
        """Return what becomes of the event at `offset` of the log."""

    def evolve(self, state: State, entry: EntryT) -> State:
        """Return the state after an entry that `decide` made of this very state."""

    def audience(self, entry: EntryT, members: tuple[str, ...]) -> Audience:
        """Return the users to whom the entry is delivered. `members`: after the entry, in join order."""

    def rows(self, entry: EntryT, partition: int) -> Sequence[Row]:
        """Return the rows that only the entry knows. The conversation and its present members are written
        from their states."""

    def journal_columns(self, entry: EntryT) -> JournalColumns: ...

    def entry_from_journal(self, record: JournalRecord) -> EntryT:
        """Return the entry that `record` was written from, as far as it is published."""

    def data(self, entry: EntryT, conversation: Conversation | None) -> dict[str, Any]:
        """Return the entry's data in chat.messages but for the audience: the fields of the frame, in the
        order of its model. `conversation`: as it is after the entry, given if the kind shows it."""
