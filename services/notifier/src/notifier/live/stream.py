"""One partition of `chat.messages`, as far as this notifier has told it."""

from dataclasses import dataclass

from notifier.live.notice import Notice
from shared.position import Position, after


@dataclass(slots=True)
class Stream:
    partition: int
    at: int
    """The next offset to tell of."""
    last: Position | None = None
    """Of the newest event told of, where that is known."""

    @property
    def covers(self) -> int:
        """The next offset in `chat.events`: every entry of this partition below it was told. 0: not known."""
        return 0 if self.last is None else after(self.last.offset)

    def advance(self, offset: int) -> None:
        """The record at `offset` is dealt with."""
        self.at = after(offset)

    def admits(self, notice: Notice) -> bool:
        """Whether the entry is a new one. A publisher that lost its way repeats itself, in order."""
        repeated = (
            self.last is not None
            and notice.position.epoch == self.last.epoch
            and notice.position.offset <= self.last.offset
        )
        if not repeated:
            self.last = notice.position
        return not repeated
