"""Runs every check over what clients recorded and what the system holds in the end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.checker.final_state import FinalState
from tests.chaos.checker.history import History
from tests.chaos.checker.invariants import Check, Evidence, acceptance, connections, order, state
from tests.chaos.checker.reference_model import ReferenceModel


class Invariant(StrEnum):
    ACCEPTED_KEPT = "an accepted event is never lost"
    NOTHING_INVENTED = "nothing is invented"
    MEMBERS_ADMITTED = "no member is refused"
    IDEMPOTENT = "the same clientId is one message"
    TOTAL_ORDER = "one order for all, no gaps"
    CONNECTION_ORDER = "on a connection each entry comes once, messages in order"
    NOTHING_MISSED = "reconnecting misses nothing"
    CURSOR_EXACT = "a cursor covers exactly what was sent before it"
    DELIVERED_IS_READABLE = "a message is in history before it is delivered"
    TOPIC_COMPLETE = "the public topic is complete and in order"
    UNREAD_EXACT = "unread counts never drift"
    LISTS_COMPLETE = "every member's list has the conversation"
    REPLAY = "same log, same state"
    AUTHORIZATION = "no user sees what is not theirs"
    SETTLES = "the system settles by itself"


CHECKS: Mapping[Invariant, Check] = {
    Invariant.ACCEPTED_KEPT: acceptance.accepted_is_kept,
    Invariant.NOTHING_INVENTED: acceptance.nothing_is_invented,
    Invariant.MEMBERS_ADMITTED: acceptance.no_member_is_refused,
    Invariant.IDEMPOTENT: acceptance.each_client_id_is_one_message,
    Invariant.TOTAL_ORDER: order.one_order_without_gaps,
    Invariant.CONNECTION_ORDER: connections.each_entry_comes_once_and_in_order,
    Invariant.NOTHING_MISSED: connections.reconnecting_misses_nothing,
    Invariant.CURSOR_EXACT: connections.cursors_are_exact,
    Invariant.DELIVERED_IS_READABLE: order.delivered_messages_are_in_history,
    Invariant.TOPIC_COMPLETE: order.topic_is_complete_and_in_order,
    Invariant.UNREAD_EXACT: state.unread_counts_are_exact,
    Invariant.LISTS_COMPLETE: state.lists_are_complete,
    Invariant.REPLAY: state.replay_gives_the_same_state,
    Invariant.AUTHORIZATION: connections.no_user_sees_what_is_not_theirs,
    Invariant.SETTLES: state.system_settles,
}


@dataclass(frozen=True)
class Violation:
    invariant: Invariant
    description: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.description}"


def check(history: History, final_state: FinalState) -> list[Violation]:
    """Every violation of an invariant; none when all hold."""
    evidence = Evidence(history, final_state, ReferenceModel(final_state.log))
    return [
        Violation(invariant, description)
        for invariant, find_violations in CHECKS.items()
        for description in find_violations(evidence)
    ]


def violated(violations: Iterable[Violation]) -> set[Invariant]:
    return {violation.invariant for violation in violations}
