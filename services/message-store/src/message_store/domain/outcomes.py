"""The outcomes of an event that changes nothing. One that changes its conversation becomes an entry."""

from typing import Literal, NamedTuple

RejectionReason = Literal["not_found", "group_full", "not_a_group"]


class Rejected(NamedTuple):
    """The conversation's state refuses the event. A rejection is published, to its actor alone."""

    reason: RejectionReason


class Duplicate(NamedTuple):
    """The event at offset `of` did the same before. Not published."""

    of: int


class Skipped(NamedTuple):
    """The event changes nothing. Not published."""

    reason: Literal["log_opened", "no_change", "dead_lettered"]


Unpublished = Duplicate | Skipped
NoEntry = Rejected | Duplicate | Skipped
