"""A place in the log, as clients hold it: opaque to them, `epoch-partition-offset` to us."""

import re
from typing import NamedTuple, Self

PATTERN = r"^([0-9a-f]{16})-(0|[1-9][0-9]{0,4})-(0|[1-9][0-9]{0,18})$"
_PATTERN = re.compile(PATTERN)


class Position(NamedTuple):
    """Where one record stands. `epoch` names the log, so that a place in another log is recognised."""

    epoch: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.partition}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError when `text` was never a position."""
        form = _PATTERN.fullmatch(text)
        if form is None:
            raise ValueError("is not a position")
        return cls(form[1], int(form[2]), int(form[3]))


def next_offset(offset: int) -> int:
    """The next offset to read once `offset` is done: the only "+1" in the house."""
    return offset + 1
