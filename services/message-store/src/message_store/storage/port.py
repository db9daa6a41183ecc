"""What the projector needs of its database, and no more. Fulfilled by `postgres` and by its twin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from message_store.domain.conversation import Conversation
from message_store.domain.fold import FoldResult
from message_store.domain.state import ExistingMessages
from message_store.read_models.write_set import WriteSet
from shared.log.log_epoch import LogIdentity
from shared.runtime.misconfigured import Misconfigured


@dataclass(frozen=True)
class PartitionProgress:
    """How far the projection of one partition is."""

    partition: int
    next_offset: int
    """Every event below is projected."""
    last_id: str | None
    """The id of the event at next_offset - 1; None if it could not be decoded."""
    published: int
    """Every entry below was confirmed in chat.messages. Lags behind."""


class OwnershipLost(Exception):
    """The compare-and-set failed: another projector owns the partition now. Nothing was written."""


class Unavailable(Exception):
    """The database cannot be used at the moment. A commit in flight may or may not have been written."""


class WrongLog(Misconfigured):
    """The database and the log do not belong together."""


class Store(Protocol):
    """Each call raises Unavailable."""

    async def claim(self, log: LogIdentity, partitions: Sequence[int]) -> dict[int, PartitionProgress]:
        """Become the only writer of these partitions. Raises WrongLog."""

    async def owned(self, partitions: Sequence[int]) -> dict[int, PartitionProgress]:
        """Return the progress of those of these partitions that this store may still write."""

    async def conversations(self, ids: Sequence[str]) -> dict[str, Conversation]:
        """Return those that exist, by id."""

    async def commit(self, write_set: WriteSet) -> ExistingMessages:
        """Write all of it in one transaction, or nothing.

        If a message that it counts as new, or a rejected send, was sent before, nothing is written and all
        such messages are returned. Raises OwnershipLost; an error that is neither this nor Unavailable means
        that a row cannot be written."""

    async def unpublished(self, partition: int, start: int, limit: int) -> list[FoldResult]:
        """Return the entries and rejections from offset `start` on, in order: the journal as an outbox.
        Raises UnknownJournalKind."""
