import pytest

from bench.load.latencies import Latencies
from bench.load.plan import Conversation, Plan
from bench.load.schedule import Sending
from bench.load.tally import Tally


def tally(*moments: float, members: tuple[str, ...] = ("ann", "ben"), echo: bool = True) -> Tally:
    """Messages of ann to the others, in a round that begins at 100 s."""
    conversation = Conversation(id="c", members=list(members))
    plan = Plan(address="", conversations=[conversation], echo=echo)
    return Tally("r1", 100.0, plan, [Sending(at, 0, sender=0) for at in moments])


def seconds(latencies: Latencies, percentile: float = 100) -> float:
    return latencies.milliseconds(percentile) / 1e3


def test_latency_counts_from_the_intended_sending_to_the_other_user() -> None:
    counting = tally(1.0)
    counting.sent(0, 101.5)
    counting.delivered("ann", "c", "r1.0", 1, 101.6)
    counting.accepted("r1.0", 101.8)
    counting.delivered("ben", "c", "r1.0", 1, 102.0)
    report = counting.report()
    assert [len(each) for each in (report.latencies, report.acceptances, report.lateness)] == [1, 1, 1]
    assert seconds(report.latencies) == pytest.approx(1.0, rel=1e-3)
    assert seconds(report.acceptances) == pytest.approx(0.8, rel=1e-3)
    assert seconds(report.lateness) == pytest.approx(0.5, rel=1e-3)
    assert report.duration == pytest.approx(2.0)


def test_a_round_is_complete_when_both_users_have_all_of_it() -> None:
    assert not tally(1.0).complete
    counting = tally(1.0)
    counting.delivered("ben", "c", "r1.0", 1, 102.0)
    assert counting.report().lost == 1
    counting.delivered("ann", "c", "r1.0", 1, 102.0)
    assert counting.report().lost == 0
    assert counting.complete


def test_a_second_delivery_to_one_socket_is_doubled_and_not_misordered() -> None:
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


def test_a_refused_message_is_neither_awaited_nor_lost_even_if_it_is_delivered() -> None:
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
    assert len(counting.report().latencies) == 0
    assert counting.report().lost == 2


def test_without_an_echo_a_message_is_complete_at_the_other_user() -> None:
    counting = tally(1.0, echo=False)
    counting.delivered("ben", "ann", "r1.0", 1, 102.0)
    assert counting.complete
    assert counting.report().lost == 0


def test_a_frame_to_a_group_counts_once_for_each_member_and_from_the_intended_sending() -> None:
    counting = tally(0.0, 1.0, members=("ann", "ben", "cid"))
    counting.delivered("ann", "c", "r1.0", 1, 100.5)
    counting.delivered("ben", "c", "r1.0", 1, 100.25)
    counting.delivered("ben", "c", "r1.1", 2, 101.75)
    report = counting.report()
    assert [seconds(report.latencies, p) for p in (30, 60, 100)] == pytest.approx([0.25, 0.5, 0.75], rel=1e-3)
    assert (report.deliveries, report.doubled, report.lost) == (3, 0, 3)


def test_a_repeated_frame_or_one_of_another_round_is_no_delivery() -> None:
    counting = tally(0.0, members=("ann", "ben", "cid"))
    counting.delivered("ann", "c", "r0.0", 7, 100.0)
    counting.delivered("ann", "c", "r1.0", 8, 100.5)
    counting.delivered("ann", "c", "r1.0", 8, 100.6)
    report = counting.report()
    assert (report.deliveries, len(report.latencies), report.doubled) == (1, 1, 1)
