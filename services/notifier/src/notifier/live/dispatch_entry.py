"""An entry ready for dispatch: decoded once and its frame serialized once, whatever the number of links."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from shared.contract import codec
from shared.contract.entries import MEMBER_ENTRY_TYPES, RevocationData, UserRevokedEntry
from shared.contract.position import Position
from shared.kafka import Record
from shared.metrics.delays import posix_seconds

_ENVELOPE_CHARACTERS, _USER_CHARACTERS = 500, 70


@dataclass(frozen=True, slots=True)
class DispatchEntry:
    offset: int
    """In `chat.messages`."""
    position: Position
    """The offset of its event in `chat.events`."""
    kind: str
    conversation: str
    """Empty in an entry of a user."""
    audience: Sequence[str]
    frame: str
    """What clients receive, as JSON; empty when they receive nothing."""
    revocation: RevocationData | None = None
    accepted_at: float = 0.0
    """When its event was accepted, POSIX seconds; 0: not known."""
    traceparent: str = ""
    """The trace that the deliveries belong to; empty for none."""

    @classmethod
    def from_record(cls, record: Record) -> Self:
        """Raises DecodeError."""
        entry = codec.decode_entry(record.value)
        try:
            position = Position.parse(entry.id)
        except ValueError as error:
            raise codec.DecodeError(f"id: {error}") from None
        frame = entry.frame()
        revocation = entry.data if isinstance(entry, UserRevokedEntry) else None
        return cls(
            offset=record.offset,
            position=position,
            kind=entry.type,
            conversation="" if isinstance(entry, UserRevokedEntry) else entry.data.conversation_id,
            audience=entry.data.audience,
            frame="" if frame is None else codec.encode(frame).decode(),
            revocation=revocation,
            accepted_at=posix_seconds(entry.time),
        )

    @property
    def changes_membership(self) -> bool:
        """Whether gateways must drop what they cached about the conversation's members."""
        return self.kind in MEMBER_ENTRY_TYPES

    @property
    def is_for_every_gateway(self) -> bool:
        """Whether it goes to every link, with users or without."""
        return self.revocation is not None or self.changes_membership

    @property
    def size(self) -> int:
        """Characters it takes in a replay buffer, approximately."""
        return _ENVELOPE_CHARACTERS + len(self.frame) + _USER_CHARACTERS * len(self.audience)
