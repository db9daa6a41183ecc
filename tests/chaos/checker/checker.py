"""The check: what clients did and saw, beside what the system holds in the end, promise by promise.

history    what clients did and saw                (clients write it)
final_state  what every side of the system shows     (read_final_state reads it)
recount   what the log says, by a plainer fold
verdicts  one function for each promise
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.checker.final_state import FinalState
from tests.chaos.checker.history import History
from tests.chaos.checker.invariants import Case, Check, acceptance, order, sockets, state
from tests.chaos.checker.reference_model import ReferenceModel


class Invariant(StrEnum):
    KEPT = "an accepted event is never lost"
    NOT_INVENTED = "nothing is invented"
    NOT_REFUSED = "nobody is refused what is theirs"
    ONCE = "the same clientId is one message"
    ONE_ORDER = "one order for all, no gaps"
    SOCKET_ORDER = "on a socket each entry comes once, messages in order"
    NOTHING_MISSED = "reconnecting misses nothing"
    CURSOR = "a cursor covers exactly what was sent before it"
    TOLD_IS_KEPT = "nobody is told of what history does not have"
    STREAM = "the public topic is whole and in order"
    UNREAD = "unread never drifts"
    LISTED = "every member's list has the conversation"
    REPLAY = "same log, same state"
    PRIVATE = "no one sees what is not theirs"
    RESTS = "it comes to rest by itself"


CHECKS: Mapping[Invariant, Check] = {
    Invariant.KEPT: acceptance.accepted_is_kept,
    Invariant.NOT_INVENTED: acceptance.nothing_is_invented,
    Invariant.NOT_REFUSED: acceptance.nobody_is_refused_what_is_theirs,
    Invariant.ONCE: acceptance.each_client_id_is_one_message,
    Invariant.ONE_ORDER: order.one_order_without_gaps,
    Invariant.SOCKET_ORDER: sockets.a_socket_gets_each_once_and_in_order,
    Invariant.NOTHING_MISSED: sockets.reconnecting_misses_nothing,
    Invariant.CURSOR: sockets.a_cursor_is_exact,
    Invariant.TOLD_IS_KEPT: order.what_is_told_is_kept,
    Invariant.STREAM: order.the_topic_is_whole_and_in_order,
    Invariant.UNREAD: state.unread_never_drifts,
    Invariant.LISTED: state.lists_are_whole,
    Invariant.REPLAY: state.the_same_log_gives_the_same_state,
    Invariant.PRIVATE: sockets.nobody_sees_what_is_not_theirs,
    Invariant.RESTS: state.it_comes_to_rest,
}


@dataclass(frozen=True)
class Violation:
    promise: Invariant
    what: str

    def __str__(self) -> str:
        return f"{self.promise}: {self.what}"


def check(history: History, final_state: FinalState) -> list[Violation]:
    """Every way in which a promise was violated; none, if all were kept."""
    case = Case(history, final_state, ReferenceModel(final_state.log))
    return [Violation(promise, what) for promise, verdict in CHECKS.items() for what in verdict(case)]


def violated(violations: list[Violation]) -> set[Invariant]:
    return {violation.promise for violation in violations}
