"""The place of a record in the log: opaque to clients, `epoch-partition-offset` to us."""

import re
from typing import NamedTuple, Self

PATTERN = r"^([0-9a-f]{16})-(0|[1-9][0-9]{0,4})-(0|[1-9][0-9]{0,18})$"
_PATTERN = re.compile(PATTERN)


class Position(NamedTuple):
    """The place of one record. `epoch` names the log, so that a position in another log is recognised."""

    epoch: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.partition}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a position. Raises ValueError when `text` is not one."""
        form = _PATTERN.fullmatch(text)
        if form is None:
            raise ValueError("is not a position")
        return cls(form[1], int(form[2]), int(form[3]))


def next_offset(offset: int) -> int:
    """Return the offset to read once `offset` is processed. The only place where 1 is added to an offset."""
    return offset + 1
