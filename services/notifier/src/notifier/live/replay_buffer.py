"""One partition of `chat.messages`: how far this notifier has told it, and the newest of it to tell again."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from notifier.live.dispatch_entry import Notice
from shared.contract.position import Position, next_offset

RING = 1024 * 1024
"""Characters, about, that are kept of one partition."""


@dataclass(slots=True)
class Stream:
    partition: int
    at: int
    """The next offset to tell of."""
    last: Position | None = None
    """Of the newest event told of, where that is known."""
    committed: int = -1
    """The next offset that is left with the group; -1: none."""
    reaches: int = field(init=False)
    """What was told from this offset on can be told again."""
    _ring: deque[Notice] = field(init=False, default_factory=deque)
    _size: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.reaches = self.at

    @property
    def covers(self) -> int:
        """The next offset in `chat.events`: every entry of this partition below it was told. 0: not known."""
        return 0 if self.last is None else next_offset(self.last.offset)

    def advance(self, offset: int) -> None:
        """The record at `offset` is dealt with."""
        self.at = next_offset(offset)

    def skip_to(self, offset: int) -> None:
        """Kafka no longer has what lies before."""
        self.at = self.reaches = offset
        self._ring.clear()
        self._size = 0

    def admits(self, notice: Notice) -> bool:
        """Whether the entry is a new one. A publisher that lost its way repeats itself, in order."""
        repeated = (
            self.last is not None
            and notice.position.epoch == self.last.epoch
            and notice.position.offset <= self.last.offset
        )
        if not repeated:
            self.last = notice.position
            self._keep(notice)
        return not repeated

    def since(self, offset: int) -> Iterator[Notice]:
        """What was told from `offset` on, which is not below `reaches`."""
        return (notice for notice in self._ring if notice.offset >= offset)

    def _keep(self, notice: Notice) -> None:
        self._ring.append(notice)
        self._size += notice.size
        while self._size > RING:
            oldest = self._ring.popleft()
            self._size -= oldest.size
            self.reaches = next_offset(oldest.offset)
