"""How far each partition of `chat.messages` was delivered to this gateway, and whether anything is missing.

All offsets are next offsets: a range is [start, end), and `source_offset` counts the same way in
`chat.events`: every entry below it has been delivered. Pure: no clock, no I/O.
"""

from enum import Enum, auto

from shared.kafka import partition_for

_MAX_PROGRESS_AGE_SECONDS = 4.0
"""A partition's owner reports progress at least once a second, and is cut after 3.6 s of silence."""


class Delivery(Enum):
    NEXT = auto()
    """Continues what was delivered before."""
    DUPLICATE = auto()
    """Delivered already: drop it."""
    GAP = auto()
    """Something before it is missing: drop it, and request a replay from the partition's next offset."""


class OffsetTracker:
    def __init__(self) -> None:
        self.partition_count = 0
        """The number of partitions of the topic; 0 when not known."""
        self.next_offsets: dict[int, int] = {}
        """By partition, for those known."""
        self._current_at: dict[int, float] = {}
        self._source_offsets: dict[int, int] = {}

    def assign(self, partition: int, next_offset: int, source_offset: int) -> Delivery:
        """A notifier consumes the partition now, from `next_offset` on."""
        self.next_offsets.setdefault(partition, next_offset)
        return self.advance(partition, next_offset, next_offset, source_offset)

    def classify(self, partition: int, start: int, end: int) -> Delivery:
        """What `advance` would return; changes nothing."""
        next_offset = self.next_offsets.get(partition, start)
        if start > next_offset:
            return Delivery.GAP
        return Delivery.NEXT if end > next_offset else Delivery.DUPLICATE

    def advance(self, partition: int, start: int, end: int, source_offset: int) -> Delivery:
        """Count the range as delivered, unless it is beyond a gap."""
        delivery = self.classify(partition, start, end)
        if delivery is Delivery.GAP:
            self._current_at.pop(partition, None)
        else:
            self.skip_to(partition, end, source_offset)
        return delivery

    def skip_to(self, partition: int, next_offset: int, source_offset: int) -> None:
        """Continue there, whatever is missing before. Neither offset ever falls."""
        self.next_offsets[partition] = max(next_offset, self.next_offsets.get(partition, 0))
        self._source_offsets[partition] = max(source_offset, self._source_offsets.get(partition, 0))

    def source_offset(self, partition: int) -> int:
        """0 when not known."""
        return self._source_offsets.get(partition, 0)

    def source_offsets(self) -> dict[int, int]:
        """A copy, by partition, for those known."""
        return dict(self._source_offsets)

    def mark_current(self, partition: int, now: float) -> None:
        """Everything of the partition up to `now`, in seconds on one clock, was delivered."""
        self._current_at[partition] = now

    def is_current(self, conversation: str, now: float) -> bool:
        """Whether changes of the conversation arrive as they happen; not while its partition has no owner
        that reports progress."""
        if not self.partition_count:
            return False
        partition = partition_for(conversation.encode(), self.partition_count)
        return now - self._current_at.get(partition, float("-inf")) <= _MAX_PROGRESS_AGE_SECONDS
