"""How far this gateway was told of `chat.messages`, per partition; whether anything was left out.

Offsets that mark a stretch are "next offsets": `[after, up_to)`. `covers` is the same for `chat.events`:
every entry below it has been told. Pure: no clock, no I/O.
"""

from enum import Enum, auto

from shared.kafka import partition_for

_CURRENT_FOR = 4.0
"""Seconds; a partition's owner says at least once a second how far it is, and is cut when silent for 3.6."""


class Taken(Enum):
    NEXT = auto()
    """It continues what was told before."""
    KNOWN = auto()
    """Told already; drop it."""
    GAP = auto()
    """Something before it was left out: drop it, and ask for what comes after what was told."""


class Stretches:
    def __init__(self) -> None:
        self.partitions = 0
        """How many there are; 0 when not known."""
        self.offsets: dict[int, int] = {}
        self._current_at: dict[int, float] = {}
        self._covers: dict[int, int] = {}

    def begin(self, partition: int, at: int, covers: int) -> Taken:
        """A notifier owns the partition now and will tell of it from `at` on."""
        self.offsets.setdefault(partition, at)
        return self.take(partition, at, at, covers)

    def look(self, partition: int, after: int, up_to: int) -> Taken:
        """What taking it would be; nothing counts yet."""
        known = self.offsets.get(partition, after)
        if after > known:
            return Taken.GAP
        return Taken.NEXT if up_to > known else Taken.KNOWN

    def take(self, partition: int, after: int, up_to: int, covers: int) -> Taken:
        taken = self.look(partition, after, up_to)
        if taken is Taken.GAP:
            self._current_at.pop(partition, None)
        else:
            self.skip_to(partition, up_to, covers)
        return taken

    def skip_to(self, partition: int, up_to: int, covers: int) -> None:
        """Whatever was left out before is not told any more."""
        self.offsets[partition] = max(up_to, self.offsets.get(partition, 0))
        self._covers[partition] = max(covers, self._covers.get(partition, 0))

    def covers(self, partition: int) -> int:
        """0 when not known."""
        return self._covers.get(partition, 0)

    def told(self) -> dict[int, int]:
        """`covers` of every partition that is known, as it is now."""
        return dict(self._covers)

    def mark_current(self, partition: int, now: float) -> None:
        """Nothing of the partition was left out up to `now`, in seconds on one clock."""
        self._current_at[partition] = now

    def is_current(self, conversation: str, now: float) -> bool:
        """Whether the conversation's changes are told as they happen; not while its partition has no owner
        that is heard of."""
        if not self.partitions:
            return False
        partition = partition_for(conversation.encode(), self.partitions)
        return now - self._current_at.get(partition, float("-inf")) <= _CURRENT_FOR
