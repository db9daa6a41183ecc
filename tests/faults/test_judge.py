"""The judge finds each way of breaking a promise and names it; where nothing is wrong it finds nothing."""

from dataclasses import replace

import orjson
import pytest

from shared.contract import codec, ids
from tests import builders
from tests.faults.judge import VERDICTS, Promise, broken, judge
from tests.faults.ledger import Answer, Ledger, Operation, Refetch, Status
from tests.faults.observed import Observed, Trespass
from tests.faults.recount import Logged, Recount
from tests.faults.small_case import DIRECT, END, GROUP, POISON, at, connection, good
from tests.faults.verdicts import Case as Judged
from tests.faults.verdicts.sockets import a_cursor_is_exact

Case = tuple[Ledger, Observed]


@pytest.fixture
def case() -> Case:
    return good()


def test_a_good_end_is_found_good(case: Case) -> None:
    assert [str(violation) for violation in judge(*case)] == []


def test_every_promise_has_a_verdict() -> None:
    assert set(VERDICTS) == set(Promise)


def test_an_accepted_message_that_is_neither_shown_nor_rejected_is_lost(case: Case) -> None:
    ledger, observed = case
    lost = Answer("gateway", Status.OK, "00000000-0000-0000-0000-000000000000")
    ledger.operations.append(Operation("send", "ann", DIRECT, "3", "gone", answers=[lost]))
    assert broken(judge(ledger, observed)) == {Promise.KEPT}


def test_an_accepted_event_that_the_log_does_not_hold_where_it_was_said_to_is_lost(case: Case) -> None:
    ledger, observed = case
    read = ledger.operations[2]
    read.answers[0] = replace(read.answers[0], position="0123456789abcdef-0-40")
    assert broken(judge(ledger, observed)) == {Promise.KEPT}


def test_a_rejection_that_nobody_was_told_of_is_a_loss(case: Case) -> None:
    ledger, observed = case
    ledger.connections[3].frames[3:4] = []
    observed.syncs["dan"].pop()
    assert broken(judge(ledger, observed)) >= {Promise.KEPT, Promise.NOTHING_MISSED}


def test_a_conversation_that_was_started_and_is_not_listed_is_lost(case: Case) -> None:
    ledger, observed = case
    observed.lists["ann"].clear()
    assert broken(judge(ledger, observed)) == {Promise.KEPT, Promise.LISTED}


def test_what_is_not_answered_may_have_happened_or_not(case: Case) -> None:
    ledger, observed = case
    ledger.operations[3].answers[:] = [Answer("gateway", Status.INDETERMINATE)]
    ledger.operations.append(Operation("send", "ann", DIRECT, None, "never landed"))
    assert judge(ledger, observed) == []


def test_what_was_refused_and_happened_all_the_same_is_invented(case: Case) -> None:
    ledger, observed = case
    ledger.operations[4].answers[:] = [Answer("gateway", Status.FAILED)]
    assert broken(judge(ledger, observed)) == {Promise.NOT_INVENTED}


@pytest.mark.parametrize("before", [[], [Answer("gateway", Status.INDETERMINATE)]])
def test_a_member_who_is_refused_was_wronged(case: Case, before: list[Answer]) -> None:
    ledger, observed = case
    refused = Answer("gateway", Status.FAILED, code="not_found")
    ledger.operations.append(Operation("send", "ann", DIRECT, "3", "refused", answers=[*before, refused]))
    assert broken(judge(ledger, observed)) == {Promise.NOT_REFUSED}


def test_a_stranger_who_is_refused_was_not(case: Case) -> None:
    ledger, observed = case
    refused = Answer("gateway", Status.FAILED, code="not_found")
    ledger.operations.append(Operation("send", "dan", DIRECT, "3", "refused", answers=[refused]))
    assert judge(ledger, observed) == []


def test_a_message_that_nobody_sent_is_invented(case: Case) -> None:
    ledger, observed = case
    del ledger.operations[3]
    assert broken(judge(ledger, observed)) == {Promise.NOT_INVENTED}


def test_a_repetition_that_is_answered_with_another_id_is_a_second_message(case: Case) -> None:
    ledger, observed = case
    sent = ledger.operations[1]
    sent.answers[1] = replace(sent.answers[1], id=ledger.operations[3].answers[0].id)
    assert broken(judge(ledger, observed)) == {Promise.ONCE}


def test_a_text_that_history_has_twice_is_a_second_message(case: Case) -> None:
    _, observed = case
    items = observed.histories["ann", DIRECT]
    items.append(items[0] | {"seq": 3, "id": "another", "version": 6})
    assert Promise.ONCE in broken(judge(*case))


def test_a_missing_seq_is_a_gap(case: Case) -> None:
    observed = case[1]
    del observed.histories["bob", DIRECT][0]
    assert broken(judge(*case)) == {Promise.ONE_ORDER}


def test_two_messages_that_changed_places_are_disorder(case: Case) -> None:
    observed = case[1]
    first, second = observed.histories["bob", DIRECT]
    observed.histories["bob", DIRECT] = [second | {"seq": 1}, first | {"seq": 2}]
    assert broken(judge(*case)) == {Promise.ONE_ORDER}


@pytest.mark.parametrize("field", ["seq", "text", "senderId", "id", "createdAt", "clientId"])
def test_a_frame_that_says_something_else_than_the_log_is_disorder(case: Case, field: str) -> None:
    frames = case[0].connections[1].frames
    frames[1] = frames[1] | {field: 9 if field == "seq" else "other"}
    assert Promise.ONE_ORDER in broken(judge(*case))


def test_a_frame_that_comes_twice_on_one_socket_is_found(case: Case) -> None:
    frames = case[0].connections[2].frames
    frames.insert(3, frames[2])
    assert broken(judge(*case)) == {Promise.SOCKET_ORDER}


@pytest.mark.parametrize("kind", ["conversation", "read", "rejected"])
def test_what_comes_twice_before_a_cursor_covers_it_is_found(case: Case, kind: str) -> None:
    connections = [each for each in case[0].connections if any(each.of(kind))]
    frames = connections[0].frames
    place = frames.index(next(connections[0].of(kind)))
    frames.insert(place, frames[place])
    assert broken(judge(*case)) == {Promise.SOCKET_ORDER}


def test_frames_in_the_wrong_order_are_found(case: Case) -> None:
    frames = case[0].connections[2].frames
    frames[2], frames[4] = frames[4], frames[2]
    assert broken(judge(*case)) == {Promise.SOCKET_ORDER}


def test_a_frame_that_was_not_sent_before_a_cursor_that_covers_it_is_missed(case: Case) -> None:
    del case[0].connections[2].frames[2]
    assert broken(judge(*case)) == {Promise.NOTHING_MISSED}


def test_what_came_after_the_last_cursor_must_come_again(case: Case) -> None:
    del case[0].connections[1].frames[1]
    assert broken(judge(*case)) == {Promise.NOTHING_MISSED}


def test_a_socket_that_is_begun_elsewhere_than_at_its_cursor_is_found(case: Case) -> None:
    case[0].connections[1].frames[0]["cursor"] = at("ann", 5)
    assert Promise.NOTHING_MISSED in broken(judge(*case))


def test_a_reset_for_a_good_cursor_is_found(case: Case) -> None:
    case[0].connections[1].frames.insert(1, {"type": "reset", "reason": "because"})
    assert broken(judge(*case)) == {Promise.NOTHING_MISSED}


@pytest.mark.parametrize("spoilt", [[], [1], [1, 0]])
def test_a_sync_that_leaves_out_or_turns_round_is_found(case: Case, spoilt: list[int]) -> None:
    entries = case[1].syncs["cat"]
    case[1].syncs["cat"] = [entries[n] for n in spoilt]
    assert broken(judge(*case)) == {Promise.NOTHING_MISSED}


def test_what_is_sent_again_after_its_cursor_is_found(case: Case) -> None:
    ledger = case[0]
    ledger.connections[1].frames.insert(1, ledger.connections[0].frames[3])
    assert broken(judge(*case)) == {Promise.CURSOR}


def test_what_was_sent_before_a_cursor_that_does_not_cover_it_is_found(case: Case) -> None:
    frames = case[0].connections[2].frames
    frames[-1] = {"type": "cursor", "cursor": at("bob", 5)}
    assert broken(judge(*case)) == {Promise.CURSOR}


@pytest.mark.parametrize(("covered", "found"), [((3, 4), 0), ((2, 4), 1), ((4, 4), 1)], ids=str)
def test_what_is_refused_twice_is_told_twice(case: Case, covered: tuple[int, int], found: int) -> None:
    """A stranger says the same again, with the same `clientId`: offsets 2 and 3."""
    late = builders.sent(GROUP, "dan", "late", "9")
    log = [builders.opened(), builders.started(GROUP, ["cat"]), late, late]
    truth = Recount(Logged(0, at, orjson.loads(codec.encode(event))) for at, event in enumerate(log))
    identity = ids.message_id(GROUP, "dan", "9")
    refused = {"type": "rejected", "conversationId": GROUP, "id": identity, "reason": "not_found"}
    said = ({"type": "cursor", "cursor": at("dan", offset)} for offset in covered)
    told = [frame for each in said for frame in (refused, each)]
    did = replace(case[0], connections=[connection("dan", 2, *told)])
    assert len(list(a_cursor_is_exact(Judged(did, case[1], truth)))) == found


def test_a_frame_of_which_history_does_not_have_the_message_yet_is_found(case: Case) -> None:
    case[0].refetches.append(Refetch("bob", DIRECT, 2, found=False))
    assert broken(judge(*case)) == {Promise.TOLD_IS_KEPT}


@pytest.mark.parametrize("places", [[0, 1, 2, 5, 6, 7], [0, 1, 5, 2, 6, 7, 8], [0, 1, 2, 5, 7, 6, 8]])
def test_a_topic_with_a_hole_or_in_disorder_is_found(case: Case, places: list[int]) -> None:
    records = case[1].topic[0]
    case[1].topic[0] = [records[place] for place in places]
    assert broken(judge(*case)) == {Promise.STREAM}


def test_a_repetition_with_another_content_is_found(case: Case) -> None:
    records = case[1].topic[0]
    records[3] = records[3]._replace(entry={**records[3].entry, "data": {}})
    assert broken(judge(*case)) == {Promise.STREAM}


def test_an_entry_for_a_wrong_audience_is_found(case: Case) -> None:
    case[1].topic[0][5].entry["data"]["audience"].append("eve")
    assert broken(judge(*case)) == {Promise.STREAM}


@pytest.mark.parametrize("where", ["list", "rows"])
def test_unread_that_drifted_is_found(case: Case, where: str) -> None:
    observed = case[1]
    if where == "list":
        observed.lists["ann"][DIRECT]["unreadCount"] = 0
    else:
        observed.unread["ann", DIRECT] = 2
    assert broken(judge(*case)) == {Promise.UNREAD}


def test_rows_that_a_replay_does_not_give_are_found(case: Case) -> None:
    case[1].replayed["messages"] = "another hash"
    assert broken(judge(*case)) == {Promise.REPLAY}


@pytest.mark.parametrize("outcomes", [[], ["entry", "entry"]])
@pytest.mark.parametrize("offset", [4, POISON])
def test_an_offset_without_its_one_outcome_is_found(case: Case, offset: int, outcomes: list[str]) -> None:
    case[1].outcomes[0, offset] = outcomes
    assert broken(judge(*case)) == {Promise.REPLAY}


@pytest.mark.parametrize("outcomes", [{(0, POISON): ["rejected"]}, {(0, 3): ["skipped"]}, {(0, POISON): []}])
def test_a_replay_that_makes_something_else_of_an_offset_is_found(
    case: Case, outcomes: dict[tuple[int, int], list[str]]
) -> None:
    case[1].replayed_outcomes |= outcomes
    assert broken(judge(*case)) == {Promise.REPLAY}


def test_what_was_in_the_log_before_everything_is_nobody_s_business(case: Case) -> None:
    case[1].outcomes[0, 0] = []
    assert judge(*case) == []


def test_a_frame_for_somebody_else_is_found(case: Case) -> None:
    ledger = case[0]
    frames = [ledger.connections[0].frames[1], {"type": "cursor", "cursor": at("dan", END)}]
    ledger.connections.append(connection("dan", END, *frames))
    assert broken(judge(*case)) >= {Promise.PRIVATE}


@pytest.mark.parametrize(
    "answered",
    [
        Trespass("dan", DIRECT, "history", 200),
        Trespass("dan", DIRECT, "send", 202),
        Trespass("dan", DIRECT, "sync with a member's cursor", 404, right=410),
    ],
)
def test_a_stranger_who_is_answered_is_found(case: Case, answered: Trespass) -> None:
    case[1].trespasses.append(answered)
    assert broken(judge(*case)) == {Promise.PRIVATE}


def test_a_conversation_in_the_list_of_one_who_left_is_found(case: Case) -> None:
    case[1].lists["dan"][GROUP] = {"unreadCount": 0, "lastSeq": 0}
    assert broken(judge(*case)) == {Promise.PRIVATE}


@pytest.mark.parametrize("whose", [0, 1])
def test_what_does_not_come_to_rest_is_found(case: Case, whose: int) -> None:
    case[whose].unsettled.append("the projection is behind")
    assert broken(judge(*case)) == {Promise.RESTS}
