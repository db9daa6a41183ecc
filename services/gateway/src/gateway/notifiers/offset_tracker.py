"""How far this gateway was told of `chat.messages`, per partition; whether anything was left out.

Offsets that mark a stretch are "next offsets": `[after, up_to)`. `covers` is the same for `chat.events`:
every entry below it has been told. Pure: no clock, no I/O.
"""

from enum import Enum, auto

from shared.kafka import partition_for

_MAX_PROGRESS_AGE_SECONDS = 4.0
"""Seconds; a partition's owner says at least once a second how far it is, and is cut when silent for 3.6."""


class Delivery(Enum):
    NEXT = auto()
    """It continues what was told before."""
    DUPLICATE = auto()
    """Told already; drop it."""
    GAP = auto()
    """Something before it was left out: drop it, and ask for what comes after what was told."""


class OffsetTracker:
    def __init__(self) -> None:
        self.partition_count = 0
        """How many there are; 0 when not known."""
        self.next_offsets: dict[int, int] = {}
        self._current_at: dict[int, float] = {}
        self._source_offsets: dict[int, int] = {}

    def assign(self, partition: int, next_offset: int, source_offset: int) -> Delivery:
        """A notifier owns the partition now and will tell of it from `at` on."""
        self.next_offsets.setdefault(partition, next_offset)
        return self.advance(partition, next_offset, next_offset, source_offset)

    def classify(self, partition: int, start: int, end: int) -> Delivery:
        """What taking it would be; nothing counts yet."""
        next_offset = self.next_offsets.get(partition, start)
        if start > next_offset:
            return Delivery.GAP
        return Delivery.NEXT if end > next_offset else Delivery.DUPLICATE

    def advance(self, partition: int, start: int, end: int, source_offset: int) -> Delivery:
        delivery = self.classify(partition, start, end)
        if delivery is Delivery.GAP:
            self._current_at.pop(partition, None)
        else:
            self.skip_to(partition, end, source_offset)
        return delivery

    def skip_to(self, partition: int, end: int, source_offset: int) -> None:
        """Whatever was left out before is not told any more."""
        self.next_offsets[partition] = max(end, self.next_offsets.get(partition, 0))
        self._source_offsets[partition] = max(source_offset, self._source_offsets.get(partition, 0))

    def source_offset(self, partition: int) -> int:
        """0 when not known."""
        return self._source_offsets.get(partition, 0)

    def source_offsets(self) -> dict[int, int]:
        """`covers` of every partition that is known, as it is now."""
        return dict(self._source_offsets)

    def mark_current(self, partition: int, now: float) -> None:
        """Nothing of the partition was left out up to `now`, in seconds on one clock."""
        self._current_at[partition] = now

    def is_current(self, conversation: str, now: float) -> bool:
        """Whether the conversation's changes are told as they happen; not while its partition has no owner
        that is heard of."""
        if not self.partition_count:
            return False
        partition = partition_for(conversation.encode(), self.partition_count)
        return now - self._current_at.get(partition, float("-inf")) <= _MAX_PROGRESS_AGE_SECONDS
