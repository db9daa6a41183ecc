import pytest

from bench.load.plan import Pair, Round
from bench.load.schedule import Sending
from bench.load.tally import Tally

ASKED = Round(name="r1", rate=1, seconds=9, seed=1, begin=100.0)
PAIR = Pair(a="ann", b="ben")


def tally(*moments: float) -> Tally:
    """Messages of ann to ben."""
    return Tally(ASKED, [PAIR], [Sending(at, 0, by_a=True) for at in moments])


def test_latency_counts_from_the_intended_sending_to_the_other_user() -> None:
    counting = tally(1.0)
    counting.sent(0, 101.5)
    counting.delivered("ann", "c", "r1.0", 1, 101.6)
    counting.accepted("r1.0", 101.8)
    counting.delivered("ben", "c", "r1.0", 1, 102.0)
    report = counting.report()
    assert report.latencies == pytest.approx([1.0])
    assert report.acceptances == pytest.approx([0.8])
    assert report.lateness == pytest.approx([0.5])
    assert report.duration == pytest.approx(2.0)


def test_a_round_is_complete_when_both_users_have_all_of_it() -> None:
    assert not tally(1.0).complete
    counting = tally(1.0)
    counting.delivered("ben", "c", "r1.0", 1, 102.0)
    assert counting.report().lost == 1
    counting.delivered("ann", "c", "r1.0", 1, 102.0)
    assert counting.report().lost == 0
    assert counting.complete


def test_what_comes_twice_to_one_socket_is_doubled_and_not_misordered() -> None:
    counting = tally(1.0)
    counting.delivered("ben", "c", "r1.0", 1, 102.0)
    counting.delivered("ben", "c", "r1.0", 1, 103.0)
    report = counting.report()
    assert (report.doubled, report.misordered, len(report.latencies)) == (1, 0, 1)


def test_a_seq_below_the_last_one_of_that_socket_and_conversation_is_misordered() -> None:
    counting = tally(1.0, 1.1, 1.2)
    for client_id, seq in (("r1.0", 7), ("r1.2", 9), ("r1.1", 8)):
        counting.delivered("ben", "c", client_id, seq, 102.0)
    assert counting.report().misordered == 1


def test_sockets_and_conversations_have_orders_of_their_own() -> None:
    counting = tally(1.0, 1.1)
    counting.delivered("ben", "c", "r1.1", 2, 102.0)
    counting.delivered("ann", "c", "r1.0", 1, 102.0)
    counting.delivered("ben", "d", "r1.0", 1, 102.0)
    assert counting.report().misordered == 0


def test_what_was_refused_is_not_waited_for_and_not_lost_even_if_it_comes() -> None:
    counting = tally(1.0, 1.1)
    counting.delivered("ben", "c", "r1.0", 1, 102.0)
    for client_id in ("r1.0", "r1.1", "r1.1"):
        counting.refused(client_id)
    report = counting.report()
    assert (report.lost, report.refused) == (0, ["r1.0", "r1.1"])
    counting.delivered("ann", "c", "r1.0", 1, 103.0)
    assert counting.report().lost == 0
    assert counting.complete


def test_stragglers_of_another_round_do_not_count() -> None:
    counting = tally(1.0)
    for client_id in ("r0.0", "r11.0", "r1.7", ""):
        counting.delivered("ben", "c", client_id, 1, 102.0)
    assert counting.report().latencies == []
    assert counting.report().lost == 2


def test_where_the_sender_is_not_told_a_message_is_complete_at_the_other_user() -> None:
    counting = Tally(ASKED, [PAIR], [Sending(1.0, 0, by_a=True)], copies=1)
    counting.delivered("ben", "ann", "r1.0", 1, 102.0)
    assert counting.complete
    assert counting.report().lost == 0
