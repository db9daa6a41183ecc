"""One partition of `chat.messages`: how far it was dispatched, and its newest entries to replay."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from notifier.live.dispatch_entry import DispatchEntry
from shared.contract.position import Position, next_offset
from shared.internal.link_protocol import OffsetRange, PartitionOffsets

MAX_CHARACTERS = 1024 * 1024
"""Approximate size of the entries kept of one partition."""


@dataclass(slots=True)
class PartitionReplayBuffer:
    partition: int
    next_offset: int
    """The next offset to dispatch."""
    last_position: Position | None = None
    """The source offset of the newest entry dispatched; None when not known."""
    committed: int = -1
    """The group's committed offset; -1 when there is none."""
    oldest: int = field(init=False)
    """The lowest offset from which everything can be replayed."""
    _entries: deque[DispatchEntry] = field(init=False, default_factory=deque)
    _size: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.oldest = self.next_offset

    @property
    def source_offset(self) -> int:
        """Next offset in `chat.events`: every entry of this partition below it was dispatched. 0: not
        known."""
        return 0 if self.last_position is None else next_offset(self.last_position.offset)

    @property
    def offsets(self) -> PartitionOffsets:
        return PartitionOffsets(self.next_offset, self.source_offset)

    def range_from(self, start: int) -> OffsetRange:
        """From `start` up to what was dispatched."""
        return OffsetRange(self.partition, start, self.next_offset, self.source_offset)

    def advance(self, offset: int) -> None:
        """Count the record at `offset` as dispatched."""
        self.next_offset = next_offset(offset)

    def skip_to(self, offset: int) -> None:
        """Continue at `offset`, with nothing before it to replay: Kafka no longer has those records."""
        self.next_offset = self.oldest = offset
        self._entries.clear()
        self._size = 0

    def accept_if_new(self, entry: DispatchEntry) -> bool:
        """Keep the entry and return True, unless its event was dispatched before: a publisher that is unsure
        repeats itself, in order."""
        is_repeated = (
            self.last_position is not None
            and entry.position.epoch == self.last_position.epoch
            and entry.position.offset <= self.last_position.offset
        )
        if not is_repeated:
            self.last_position = entry.position
            self._append(entry)
        return not is_repeated

    def since(self, offset: int) -> Iterator[DispatchEntry]:
        """The entries from `offset` on; `offset` must not be below `oldest`."""
        return (entry for entry in self._entries if entry.offset >= offset)

    def _append(self, entry: DispatchEntry) -> None:
        self._entries.append(entry)
        self._size += entry.size
        while self._size > MAX_CHARACTERS:
            dropped = self._entries.popleft()
            self._size -= dropped.size
            self.oldest = next_offset(dropped.offset)
