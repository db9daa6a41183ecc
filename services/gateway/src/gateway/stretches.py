"""How far this gateway was told of `chat.messages`, per partition; whether anything was left out.

Offsets that mark a stretch are "next offsets": `[after, up_to)`. `covers` is the same for `chat.events`:
every entry below it has been told. Pure: no clock, no I/O.
"""

from enum import Enum, auto


class Taken(Enum):
    NEXT = auto()
    """It continues what was told before."""
    KNOWN = auto()
    """Told already; drop it."""
    GAP = auto()
    """Something before it was left out. What was told goes on from here."""


class Stretches:
    def __init__(self) -> None:
        self.offsets: dict[int, int] = {}
        self._covers: dict[int, int] = {}

    def begin(self, partition: int, at: int, covers: int) -> Taken:
        """A notifier owns the partition now and will tell of it from `at` on."""
        self.offsets.setdefault(partition, at)
        return self.take(partition, at, at, covers)

    def take(self, partition: int, after: int, up_to: int, covers: int) -> Taken:
        known = self.offsets.get(partition, after)
        self._covers[partition] = max(covers, self._covers.get(partition, 0))
        self.offsets[partition] = max(known, up_to)
        if after > known:
            return Taken.GAP
        return Taken.NEXT if up_to > known else Taken.KNOWN

    def covers(self, partition: int) -> int:
        """0 when not known."""
        return self._covers.get(partition, 0)
