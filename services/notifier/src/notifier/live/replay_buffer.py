"""One partition of `chat.messages`: how far this notifier has told it, and the newest of it to tell again."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from notifier.live.dispatch_entry import DispatchEntry
from shared.contract.position import Position, after

MAX_CHARACTERS = 1024 * 1024
"""Characters, about, that are kept of one partition."""


@dataclass(slots=True)
class PartitionReplayBuffer:
    partition: int
    next_offset: int
    """The next offset to tell of."""
    last_position: Position | None = None
    """Of the newest event told of, where that is known."""
    committed: int = -1
    """The next offset that is left with the group; -1: none."""
    oldest: int = field(init=False)
    """What was told from this offset on can be told again."""
    _entries: deque[DispatchEntry] = field(init=False, default_factory=deque)
    _size: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.oldest = self.next_offset

    @property
    def source_offset(self) -> int:
        """The next offset in `chat.events`: every entry of this partition below it was told. 0: not known."""
        return 0 if self.last_position is None else after(self.last_position.offset)

    def advance(self, offset: int) -> None:
        """The record at `offset` is dealt with."""
        self.next_offset = after(offset)

    def skip_to(self, offset: int) -> None:
        """Kafka no longer has what lies before."""
        self.next_offset = self.oldest = offset
        self._entries.clear()
        self._size = 0

    def accept_if_new(self, entry: DispatchEntry) -> bool:
        """Whether the entry is a new one. A publisher that lost its way repeats itself, in order."""
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
        """What was told from `offset` on, which is not below `reaches`."""
        return (entry for entry in self._entries if entry.offset >= offset)

    def _append(self, entry: DispatchEntry) -> None:
        self._entries.append(entry)
        self._size += entry.size
        while self._size > MAX_CHARACTERS:
            dropped = self._entries.popleft()
            self._size -= dropped.size
            self.oldest = after(dropped.offset)
