from itertools import pairwise
from statistics import mean, stdev

import pytest

from bench.load.plan import direct_conversations
from bench.load.schedule import schedule


def test_the_same_seed_gives_the_same_schedule_and_another_seed_another() -> None:
    assert schedule(100, 5, 10, seed=1) == schedule(100, 5, 10, seed=1)
    assert schedule(100, 5, 10, seed=1) != schedule(100, 5, 10, seed=2)


def test_arrivals_ascend_and_stay_within_the_round() -> None:
    moments = [sending.at for sending in schedule(500, 4, 10, seed=3)]
    assert all(before < after for before, after in pairwise(moments))
    assert 0 < moments[0] < moments[-1] < 4


def test_arrivals_are_poisson_the_gaps_have_the_mean_and_the_spread_of_the_exponential() -> None:
    moments = [sending.at for sending in schedule(1_000, 20, 10, seed=4)]
    gaps = [after - before for before, after in pairwise(moments)]
    assert mean(gaps) == pytest.approx(0.001, rel=0.05)
    assert stdev(gaps) == pytest.approx(0.001, rel=0.05)


def test_both_members_of_every_conversation_send() -> None:
    seen = {(sending.conversation, sending.sender) for sending in schedule(1_000, 2, 10, seed=5)}
    assert seen == {(conversation, sender) for conversation in range(10) for sender in (0, 1)}


@pytest.mark.parametrize(("users", "conversations"), [(2, 1), (100, 50), (10, 25), (11, 25)])
def test_conversations_are_all_different_and_have_two_members(users: int, conversations: int) -> None:
    created = direct_conversations(users, conversations)
    assert len({conversation.id for conversation in created}) == conversations
    assert all(len(set(conversation.members)) == 2 for conversation in created)


def test_fifty_conversations_have_each_of_a_hundred_users_once() -> None:
    conversations = direct_conversations(100, 50)
    assert len({user for conversation in conversations for user in conversation.members}) == 100


def test_too_few_users_for_so_many_conversations_are_refused() -> None:
    with pytest.raises(ValueError, match="from 1 to 4"):
        direct_conversations(4, 5)
