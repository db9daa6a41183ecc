"""The checker detects each kind of violation and names its invariant; a valid history has none."""

from dataclasses import replace

import orjson
import pytest

from shared.contract import codec, ids
from tests.chaos.checker import example_history as example
from tests.chaos.checker.checker import CHECKS, Invariant, check, violated
from tests.chaos.checker.example_history import DIRECT, END, GROUP, POISON, Example, cursor_frame
from tests.chaos.checker.final_state import ProbeResult
from tests.chaos.checker.history import Attempt, Operation, Refetch, Status
from tests.chaos.checker.invariants import Evidence
from tests.chaos.checker.invariants.connections import cursors_are_exact
from tests.chaos.checker.reference_model import LogRecord, ReferenceModel
from tests.fixtures import builders

REFUSED = Attempt("gateway", Status.FAILED, code="not_found")
UNANSWERED = Attempt("gateway", Status.INDETERMINATE)


@pytest.fixture
def case() -> Example:
    return example.example()


def _violated(case: Example) -> set[Invariant]:
    return violated(check(*case))


def test_a_valid_history_has_no_violation(case: Example) -> None:
    assert [str(violation) for violation in check(*case)] == []


def test_every_invariant_has_a_check() -> None:
    assert set(CHECKS) == set(Invariant)


def test_an_accepted_message_that_is_neither_visible_nor_rejected_is_lost(case: Example) -> None:
    lost = Attempt("gateway", Status.OK, "00000000-0000-0000-0000-000000000000")
    case.history.operations.append(Operation("send", "ann", DIRECT, "3", "gone", attempts=[lost]))
    assert _violated(case) == {Invariant.ACCEPTED_KEPT}


def test_an_accepted_event_that_the_log_lacks_at_its_position_is_lost(case: Example) -> None:
    attempts = case.history.operations[2].attempts
    attempts[0] = replace(attempts[0], position="0123456789abcdef-0-40")
    assert _violated(case) == {Invariant.ACCEPTED_KEPT}


def test_a_rejection_that_was_not_delivered_is_a_loss(case: Example) -> None:
    case.history.connections[3].frames[3:4] = []
    case.final_state.syncs["dan"].pop()
    assert _violated(case) >= {Invariant.ACCEPTED_KEPT, Invariant.NOTHING_MISSED}


def test_a_started_conversation_that_is_not_listed_is_lost(case: Example) -> None:
    case.final_state.lists["ann"].clear()
    assert _violated(case) == {Invariant.ACCEPTED_KEPT, Invariant.LISTS_COMPLETE}


def test_an_unanswered_operation_may_have_taken_effect_or_not(case: Example) -> None:
    case.history.operations[3].attempts[:] = [UNANSWERED]
    case.history.operations.append(Operation("send", "ann", DIRECT, None, "never landed"))
    assert check(*case) == []


def test_a_refused_operation_that_took_effect_is_invented(case: Example) -> None:
    case.history.operations[4].attempts[:] = [Attempt("gateway", Status.FAILED)]
    assert _violated(case) == {Invariant.NOTHING_INVENTED}


@pytest.mark.parametrize("before", [[], [UNANSWERED]])
def test_a_refused_member_is_detected(case: Example, before: list[Attempt]) -> None:
    operation = Operation("send", "ann", DIRECT, "3", "refused", attempts=[*before, REFUSED])
    case.history.operations.append(operation)
    assert _violated(case) == {Invariant.MEMBERS_ADMITTED}


def test_a_refused_user_who_is_no_member_is_valid(case: Example) -> None:
    case.history.operations.append(Operation("send", "dan", DIRECT, "3", "refused", attempts=[REFUSED]))
    assert check(*case) == []


def test_a_message_that_was_never_sent_is_invented(case: Example) -> None:
    del case.history.operations[3]
    assert _violated(case) == {Invariant.NOTHING_INVENTED}


def test_a_repeated_send_with_another_id_is_a_second_message(case: Example) -> None:
    attempts = case.history.operations[1].attempts
    attempts[1] = replace(attempts[1], id=case.history.operations[3].attempts[0].id)
    assert _violated(case) == {Invariant.IDEMPOTENT}


def test_a_text_that_history_has_twice_is_a_second_message(case: Example) -> None:
    items = case.final_state.histories["ann", DIRECT]
    items.append(items[0] | {"seq": 3, "id": "another", "version": 6})
    assert Invariant.IDEMPOTENT in _violated(case)


def test_a_missing_seq_is_a_gap(case: Example) -> None:
    del case.final_state.histories["bob", DIRECT][0]
    assert _violated(case) == {Invariant.TOTAL_ORDER}


def test_two_exchanged_messages_are_out_of_order(case: Example) -> None:
    items = case.final_state.histories["bob", DIRECT]
    items[:] = [items[1] | {"seq": 1}, items[0] | {"seq": 2}]
    assert _violated(case) == {Invariant.TOTAL_ORDER}


@pytest.mark.parametrize("field", ["seq", "text", "senderId", "id", "createdAt", "clientId"])
def test_a_frame_that_differs_from_the_log_is_detected(case: Example, field: str) -> None:
    frames = case.history.connections[1].frames
    frames[1] = frames[1] | {field: 9 if field == "seq" else "other"}
    assert Invariant.TOTAL_ORDER in _violated(case)


def test_a_message_received_twice_on_one_connection_is_detected(case: Example) -> None:
    frames = case.history.connections[2].frames
    frames.insert(3, frames[2])
    assert _violated(case) == {Invariant.CONNECTION_ORDER}


@pytest.mark.parametrize("kind", ["conversation", "read", "rejected"])
def test_another_entry_received_twice_before_a_cursor_is_detected(case: Example, kind: str) -> None:
    receiving = next(own for own in case.history.connections if any(own.of(kind)))
    index = receiving.frames.index(next(receiving.of(kind)))
    receiving.frames.insert(index, receiving.frames[index])
    assert _violated(case) == {Invariant.CONNECTION_ORDER}


def test_messages_received_out_of_order_are_detected(case: Example) -> None:
    frames = case.history.connections[2].frames
    frames[2], frames[4] = frames[4], frames[2]
    assert _violated(case) == {Invariant.CONNECTION_ORDER}


def test_a_frame_not_sent_before_a_cursor_that_covers_it_is_missed(case: Example) -> None:
    del case.history.connections[2].frames[2]
    assert _violated(case) == {Invariant.NOTHING_MISSED}


def test_a_frame_after_the_last_cursor_must_be_sent_again(case: Example) -> None:
    del case.history.connections[1].frames[1]
    assert _violated(case) == {Invariant.NOTHING_MISSED}


def test_a_connection_not_resumed_at_its_cursor_is_detected(case: Example) -> None:
    case.history.connections[1].frames[0] |= cursor_frame("ann", 5) | {"type": "hello"}
    assert Invariant.NOTHING_MISSED in _violated(case)


def test_a_reset_for_a_valid_cursor_is_detected(case: Example) -> None:
    case.history.connections[1].frames.insert(1, {"type": "reset", "reason": "because"})
    assert _violated(case) == {Invariant.NOTHING_MISSED}


@pytest.mark.parametrize("kept", [[], [1], [1, 0]])
def test_a_sync_with_missing_or_reordered_entries_is_detected(case: Example, kept: list[int]) -> None:
    entries = case.final_state.syncs["cat"]
    entries[:] = [entries[n] for n in kept]
    assert _violated(case) == {Invariant.NOTHING_MISSED}


def test_an_entry_sent_again_after_its_cursor_is_detected(case: Example) -> None:
    connections = case.history.connections
    connections[1].frames.insert(1, connections[0].frames[3])
    assert _violated(case) == {Invariant.CURSOR_EXACT}


def test_an_entry_sent_before_a_cursor_that_does_not_cover_it_is_detected(case: Example) -> None:
    case.history.connections[2].frames[-1] = cursor_frame("bob", 5)
    assert _violated(case) == {Invariant.CURSOR_EXACT}


@pytest.mark.parametrize(("covered", "count"), [((3, 4), 0), ((2, 4), 1), ((4, 4), 1)], ids=str)
def test_a_send_rejected_twice_is_delivered_twice(
    case: Example, covered: tuple[int, int], count: int
) -> None:
    """A user who is no member repeats a send with the same `clientId`: offsets 2 and 3."""
    late = builders.sent(GROUP, "dan", "late", "9")
    log = [builders.opened(), builders.started(GROUP, ["cat"]), late, late]
    model = ReferenceModel(LogRecord(0, n, orjson.loads(codec.encode(event))) for n, event in enumerate(log))
    message_id = ids.message_id(GROUP, "dan", "9")
    rejected = {"type": "rejected", "conversationId": GROUP, "id": message_id, "reason": "not_found"}
    frames = [frame for offset in covered for frame in (rejected, cursor_frame("dan", offset))]
    history = replace(case.history, connections=[example.connection("dan", 2, *frames)])
    assert len(list(cursors_are_exact(Evidence(history, case.final_state, model)))) == count


def test_a_delivered_message_that_history_lacked_is_detected(case: Example) -> None:
    case.history.refetches.append(Refetch("bob", DIRECT, 2, found=False))
    assert _violated(case) == {Invariant.DELIVERED_IS_READABLE}


@pytest.mark.parametrize("kept", [[0, 1, 2, 5, 6, 7], [0, 1, 5, 2, 6, 7, 8], [0, 1, 2, 5, 7, 6, 8]])
def test_a_topic_with_a_gap_or_out_of_order_is_detected(case: Example, kept: list[int]) -> None:
    records = case.final_state.topic[0]
    records[:] = [records[n] for n in kept]
    assert _violated(case) == {Invariant.TOPIC_COMPLETE}


def test_a_different_duplicate_in_the_topic_is_detected(case: Example) -> None:
    records = case.final_state.topic[0]
    records[3] = records[3]._replace(entry={**records[3].entry, "data": {}})
    assert _violated(case) == {Invariant.TOPIC_COMPLETE}


def test_a_wrong_audience_in_the_topic_is_detected(case: Example) -> None:
    case.final_state.topic[0][5].entry["data"]["audience"].append("eve")
    assert _violated(case) == {Invariant.TOPIC_COMPLETE}


@pytest.mark.parametrize("where", ["list", "rows"])
def test_an_unread_count_that_drifted_is_detected(case: Example, where: str) -> None:
    if where == "list":
        case.final_state.lists["ann"][DIRECT]["unreadCount"] = 0
    else:
        case.final_state.unread["ann", DIRECT] = 2
    assert _violated(case) == {Invariant.UNREAD_EXACT}


def test_rows_that_differ_from_a_replay_are_detected(case: Example) -> None:
    case.final_state.replayed.row_hashes["messages"] = "another hash"
    assert _violated(case) == {Invariant.REPLAY}


@pytest.mark.parametrize("outcomes", [[], ["entry", "entry"]])
@pytest.mark.parametrize("offset", [4, POISON])
def test_an_offset_without_exactly_one_outcome_is_detected(
    case: Example, offset: int, outcomes: list[str]
) -> None:
    case.final_state.projection.outcomes[0, offset] = outcomes
    assert _violated(case) == {Invariant.REPLAY}


@pytest.mark.parametrize("outcomes", [{(0, POISON): ["rejected"]}, {(0, 3): ["skipped"]}, {(0, POISON): []}])
def test_a_replay_with_another_outcome_is_detected(
    case: Example, outcomes: dict[tuple[int, int], list[str]]
) -> None:
    case.final_state.replayed.outcomes |= outcomes
    assert _violated(case) == {Invariant.REPLAY}


def test_offsets_before_the_start_cursors_are_not_checked(case: Example) -> None:
    case.final_state.projection.outcomes[0, 0] = []
    assert check(*case) == []


def test_a_frame_for_another_user_is_detected(case: Example) -> None:
    frame = case.history.connections[0].frames[1]
    case.history.connections.append(example.connection("dan", END, frame, cursor_frame("dan", END)))
    assert _violated(case) >= {Invariant.AUTHORIZATION}


@pytest.mark.parametrize(
    "result",
    [
        ProbeResult("dan", DIRECT, "history", 200),
        ProbeResult("dan", DIRECT, "send", 202),
        ProbeResult("dan", DIRECT, "sync with a member's cursor", 404, expected_status=410),
    ],
)
def test_an_answer_to_a_user_who_is_no_member_is_detected(case: Example, result: ProbeResult) -> None:
    case.final_state.probe_results.append(result)
    assert _violated(case) == {Invariant.AUTHORIZATION}


def test_a_conversation_in_the_list_of_a_former_member_is_detected(case: Example) -> None:
    case.final_state.lists["dan"][GROUP] = {"unreadCount": 0, "lastSeq": 0}
    assert _violated(case) == {Invariant.AUTHORIZATION}


@pytest.mark.parametrize("source", [0, 1])
def test_a_system_that_does_not_settle_is_detected(case: Example, source: int) -> None:
    case[source].unsettled.append("the projection is behind")
    assert _violated(case) == {Invariant.SETTLES}
