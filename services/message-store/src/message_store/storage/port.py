"""What the projector needs of its database: a port as small as that. `postgres` and `memory` fill it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from message_store.domain import Conversation
from message_store.domain.fold import FoldResult
from message_store.read_models.rows import WriteSet
from shared.log.log_epoch import LogIdentity

ExistingMessages = dict[str, dict[str, int]]
"""Messages that were sent before: conversation id → message id → offset."""


@dataclass(frozen=True)
class PartitionProgress:
    """How far one partition is."""

    partition: int
    next_offset: int
    last_id: str | None
    published: int


class OwnershipLost(Exception):
    """The compare-and-set failed: another projector has this partition now. Nothing was written."""


class Unavailable(Exception):
    """The database cannot be used at the moment. Whether a commit under way was done is not known."""


class WrongLog(Exception):
    """The database and the log do not belong together. Nothing but an operator can mend it."""


class Store(Protocol):
    """Each call raises Unavailable."""

    async def claim(self, log: LogIdentity, partitions: Sequence[int]) -> dict[int, PartitionProgress]:
        """Become the one who may write these partitions. Raises WrongLog."""

    async def owned(self, partitions: Sequence[int]) -> dict[int, PartitionProgress]:
        """The progress of those of these partitions that are still this store's to write."""

    async def conversations(self, ids: Sequence[str]) -> dict[str, Conversation]:
        """Those that exist, with an empty `sent`."""

    async def commit(self, changes: WriteSet) -> ExistingMessages:
        """All of it, or nothing. Nothing, if some of the messages that it has for new or refuses were sent
        before: these are returned, all of them. Raises OwnershipLost; any other error means that some row
        cannot be written."""

    async def unpublished(self, partition: int, start: int, limit: int) -> list[FoldResult]:
        """What is to be told, from offset `start` on, in order: the journal as an outbox."""
