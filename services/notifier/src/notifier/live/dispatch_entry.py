"""One entry, ready to be told: decoded once, its frame serialised once, whatever the number of links."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contract import codec
from shared.contract.entries import MEMBER_ENTRY_TYPES
from shared.contract.entry_to_frame import entry_to_frame
from shared.contract.position import Position
from shared.kafka import Record

_ENVELOPE, _USER = 500, 70


@dataclass(frozen=True, slots=True)
class Notice:
    offset: int
    """In `chat.messages`."""
    position: Position
    """Of the event, in `chat.events`."""
    kind: str
    conversation: str
    audience: Sequence[str]
    frame: str
    """What clients get, as JSON."""

    @property
    def changes_members(self) -> bool:
        return self.kind in MEMBER_ENTRY_TYPES

    @property
    def size(self) -> int:
        """What it takes to keep it, in characters, about."""
        return _ENVELOPE + len(self.frame) + _USER * len(self.audience)


def notice_of(record: Record) -> Notice:
    """Raises Undecodable."""
    entry = codec.decode_entry(record.value)
    try:
        position = Position.parse(entry.id)
    except ValueError as error:
        raise codec.DecodeError(f"id: {error}") from None
    return Notice(
        offset=record.offset,
        position=position,
        kind=entry.type,
        conversation=entry.data.conversation_id,
        audience=entry.data.audience,
        frame=codec.encode(entry_to_frame(entry)).decode(),
    )
